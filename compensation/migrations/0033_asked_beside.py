"""Which roles an offer asks beside its first, kept by triggers from its open steps, for the inbox's index."""

import django.contrib.postgres.fields
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

KEPT = """
CREATE FUNCTION compensation_asked_beside(wanted_offer bigint, first_role text)
RETURNS varchar[] LANGUAGE sql STABLE AS $$
    SELECT coalesce(array_agg(DISTINCT s.role ORDER BY s.role), '{}') FROM compensation_approvalstep s
        WHERE s.offer_id = wanted_offer AND s.state = 'open' AND s.role <> first_role
$$;
CREATE OR REPLACE FUNCTION compensation_fill_risk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT compensation_risk(NEW.id, c.due_at) INTO NEW.risk_at FROM cases_case c WHERE c.id = NEW.case_id;
    NEW.asked_beside := compensation_asked_beside(NEW.id, NEW.asked_role);
    RETURN NEW;
END $$;
DROP TRIGGER compensation_offer_at_risk ON compensation_offer;
CREATE TRIGGER compensation_offer_at_risk BEFORE INSERT OR UPDATE OF state, asked_role ON compensation_offer
    FOR EACH ROW WHEN (NEW.state = 'waiting') EXECUTE FUNCTION compensation_fill_risk();

CREATE OR REPLACE FUNCTION compensation_follow_steps() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    risk timestamptz;
    beside varchar[];
BEGIN
    SELECT compensation_risk(o.id, c.due_at), compensation_asked_beside(o.id, o.asked_role)
        INTO risk, beside FROM compensation_offer o JOIN cases_case c ON c.id = o.case_id
        WHERE o.id = NEW.offer_id;
    UPDATE compensation_offer o SET risk_at = risk, asked_beside = beside
        WHERE o.id = NEW.offer_id AND o.state = 'waiting'
          AND (o.risk_at, o.asked_beside) IS DISTINCT FROM (risk, beside);
    RETURN NULL;
END $$;
DROP TRIGGER compensation_new_step_due ON compensation_approvalstep;
CREATE TRIGGER compensation_new_step_due AFTER INSERT ON compensation_approvalstep
    FOR EACH ROW WHEN (NEW.state = 'open') EXECUTE FUNCTION compensation_follow_steps();
DROP TRIGGER compensation_step_due_moves ON compensation_approvalstep;
CREATE TRIGGER compensation_step_due_moves AFTER UPDATE OF state, due_at ON compensation_approvalstep
    FOR EACH ROW WHEN ((OLD.state, OLD.due_at) IS DISTINCT FROM (NEW.state, NEW.due_at))
    EXECUTE FUNCTION compensation_follow_steps();
"""
FILL = """
UPDATE compensation_offer SET asked_beside = compensation_asked_beside(id, asked_role)
    WHERE state = 'waiting' AND route_id IS NOT NULL;
"""
NOT_KEPT = """
DROP TRIGGER compensation_step_due_moves ON compensation_approvalstep;
CREATE TRIGGER compensation_step_due_moves AFTER UPDATE OF state, due_at ON compensation_approvalstep
    FOR EACH ROW WHEN ((OLD.state, OLD.due_at) IS DISTINCT FROM (NEW.state, NEW.due_at)
        AND coalesce(OLD.due_at, NEW.due_at) IS NOT NULL)
    EXECUTE FUNCTION compensation_follow_steps();
DROP TRIGGER compensation_new_step_due ON compensation_approvalstep;
CREATE TRIGGER compensation_new_step_due AFTER INSERT ON compensation_approvalstep
    FOR EACH ROW WHEN (NEW.state = 'open' AND NEW.due_at IS NOT NULL)
    EXECUTE FUNCTION compensation_follow_steps();
CREATE OR REPLACE FUNCTION compensation_follow_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE compensation_offer o SET risk_at = compensation_risk(o.id, c.due_at) FROM cases_case c
        WHERE o.id = NEW.offer_id AND c.id = o.case_id AND o.state = 'waiting';
    RETURN NULL;
END $$;
DROP TRIGGER compensation_offer_at_risk ON compensation_offer;
CREATE TRIGGER compensation_offer_at_risk BEFORE INSERT OR UPDATE OF state ON compensation_offer
    FOR EACH ROW WHEN (NEW.state = 'waiting') EXECUTE FUNCTION compensation_fill_risk();
CREATE OR REPLACE FUNCTION compensation_fill_risk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT compensation_risk(NEW.id, c.due_at) INTO NEW.risk_at FROM cases_case c WHERE c.id = NEW.case_id;
    RETURN NEW;
END $$;
DROP FUNCTION compensation_asked_beside(bigint, text);
"""


class Migration(migrations.Migration):
    # The index of a large table is built while the desk goes on working.
    atomic = False

    dependencies = (("compensation", "0032_remedies_by_delegates"),)

    operations = (
        migrations.AddField(
            model_name="offer",
            name="asked_beside",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=12),
                blank=True,
                db_default=[],
                default=list,
                editable=False,
                size=None,
            ),
        ),
        migrations.RunSQL(KEPT, NOT_KEPT),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        AddIndexConcurrently(
            model_name="offer",
            index=models.Index(
                condition=models.Q(("state", "waiting"), models.Q(("asked_beside", []), _negated=True)),
                fields=["risk_at", "id"],
                name="compensation_offer_beside",
            ),
        ),
    )
