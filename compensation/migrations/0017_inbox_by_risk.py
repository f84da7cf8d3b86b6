"""When the first deadline behind a waiting offer passes, kept by triggers, so that an index sorts the inbox."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

KEPT = """
CREATE FUNCTION compensation_fill_risk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT c.due_at INTO NEW.risk_at FROM cases_case c WHERE c.id = NEW.case_id;
    RETURN NEW;
END $$;
CREATE TRIGGER compensation_offer_at_risk BEFORE INSERT OR UPDATE OF state ON compensation_offer
    FOR EACH ROW WHEN (NEW.state = 'waiting') EXECUTE FUNCTION compensation_fill_risk();

-- The clocks of a case move on; the offers that wait on it move with them.
CREATE FUNCTION compensation_follow_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE compensation_offer SET risk_at = NEW.due_at WHERE case_id = NEW.id AND state = 'waiting';
    RETURN NULL;
END $$;
CREATE TRIGGER compensation_case_due_moves AFTER UPDATE OF due_at ON cases_case
    FOR EACH ROW WHEN (OLD.due_at IS DISTINCT FROM NEW.due_at) EXECUTE FUNCTION compensation_follow_case();
"""
FILL = """
UPDATE compensation_offer o SET risk_at = c.due_at FROM cases_case c
    WHERE c.id = o.case_id AND o.state = 'waiting';
"""
NOT_KEPT = """
DROP TRIGGER compensation_case_due_moves ON cases_case;
DROP FUNCTION compensation_follow_case();
DROP TRIGGER compensation_offer_at_risk ON compensation_offer;
DROP FUNCTION compensation_fill_risk();
"""
WAITING = models.Q(state="waiting")


class Migration(migrations.Migration):
    # Indexes of large tables are built while the desk goes on working.
    atomic = False

    dependencies = [("compensation", "0016_kinds"), ("cases", "0010_incidents")]

    operations = [
        migrations.AddField(
            model_name="offer",
            name="risk_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.RunSQL(KEPT, NOT_KEPT),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name="offer",
            index=models.Index(
                condition=WAITING,
                fields=["asked_role", "risk_at", "id"],
                include=("branch", "proposer"),
                name="compensation_offer_asked",
            ),
        ),
        AddIndexConcurrently(
            model_name="offer",
            index=models.Index(
                condition=WAITING,
                fields=["risk_at", "id"],
                include=("branch", "proposer", "asked_role"),
                name="compensation_offer_risk",
            ),
        ),
        AddIndexConcurrently(
            model_name="remedy",
            index=models.Index(
                condition=WAITING, fields=["proposed_at", "id"], name="compensation_remedy_waiting"
            ),
        ),
    ]
