"""Remind of follow-ups that are not done in time."""

from __future__ import annotations

from django.db import migrations, models

REMIND_OF_THE_OPEN = "UPDATE feedback_followup SET next_reminder_at = due_at WHERE state = 'open'"


class Migration(migrations.Migration):
    dependencies = (("feedback", "0001_initial"),)
    operations = (
        migrations.AddField(
            model_name="followup",
            name="level",
            field=models.PositiveSmallIntegerField(db_default=0, default=0, verbose_name="escalation level"),
        ),
        migrations.AddField(
            model_name="followup",
            name="next_reminder_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="next reminder"),
        ),
        migrations.RunSQL(REMIND_OF_THE_OPEN, migrations.RunSQL.noop),
        # The column is new and the index partial: there is little to read, and nothing to wait for.
        migrations.AddIndex(
            model_name="followup",
            index=models.Index(
                condition=models.Q(("next_reminder_at__isnull", False)),
                fields=["next_reminder_at"],
                name="feedback_follow_up_reminder",
            ),
        ),
        migrations.AddConstraint(
            model_name="followup",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "open"), ("next_reminder_at__isnull", True), _connector="OR"),
                name="feedback_only_open_follow_ups_remind",
            ),
        ),
    )
