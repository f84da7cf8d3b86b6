"""The round that a response is about, as its invitation says, and the figures' index with it."""

from django.db import migrations, models

_FILL = """
CREATE FUNCTION feedback_response_round() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT round INTO NEW.round FROM feedback_invitation WHERE id = NEW.invitation_id;
    RETURN NEW;
END $$;
CREATE TRIGGER feedback_response_round BEFORE INSERT OR UPDATE OF invitation_id, round ON feedback_response
    FOR EACH ROW EXECUTE FUNCTION feedback_response_round();
UPDATE feedback_response AS response SET round = invitation.round
    FROM feedback_invitation AS invitation
    WHERE invitation.id = response.invitation_id AND invitation.round <> 1;
-- Checks that wait for the end of the transaction would keep the index from being made in it.
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""

_UNFILL = """
DROP TRIGGER feedback_response_round ON feedback_response;
DROP FUNCTION feedback_response_round();
"""


class Migration(migrations.Migration):
    dependencies = [("feedback", "0003_response_counts_from_the_index")]

    operations = [
        migrations.AddField(
            model_name="response",
            name="round",
            field=models.PositiveSmallIntegerField(
                db_default=1, default=1, editable=False, verbose_name="round"
            ),
        ),
        migrations.RunSQL(_FILL, _UNFILL),
        migrations.RemoveIndex(model_name="response", name="feedback_response_time"),
        migrations.AddIndex(
            model_name="response",
            index=models.Index(
                fields=["submitted_at"],
                include=("case", "round", "satisfaction", "satisfaction_before", "nps"),
                name="feedback_response_time",
            ),
        ),
    ]
