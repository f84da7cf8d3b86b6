"""A waiting remedy has a time for its decision, is returned with a question, or recalled with a reason."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

# A question keeps what was asked, and its answer once there is one.
GUARD = """
CREATE FUNCTION compensation_check_remedy_question() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.answer <> '' OR (NEW.remedy_id, NEW.text, NEW.asked_by_id, NEW.asked_at)
        IS DISTINCT FROM (OLD.remedy_id, OLD.text, OLD.asked_by_id, OLD.asked_at)
    THEN
        RAISE EXCEPTION 'What was asked and answered does not change.' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER compensation_remedy_question_checked BEFORE UPDATE ON compensation_remedyquestion
    FOR EACH ROW EXECUTE FUNCTION compensation_check_remedy_question();
CREATE TRIGGER compensation_remedy_question_kept BEFORE DELETE ON compensation_remedyquestion
    FOR EACH ROW EXECUTE FUNCTION amends_refuse_change();
"""
NO_GUARD = """
DROP TRIGGER compensation_remedy_question_kept ON compensation_remedyquestion;
DROP TRIGGER compensation_remedy_question_checked ON compensation_remedyquestion;
DROP FUNCTION compensation_check_remedy_question();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0011_defect_by_branch_and_time"),
        ("compensation", "0034_free_offers_and_what_is_told"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RemedyQuestion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.CharField(max_length=500, verbose_name="question")),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="asked")),
                (
                    "asked_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="asked by",
                    ),
                ),
                (
                    "remedy",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="questions",
                        to="compensation.remedy",
                        verbose_name="remedy",
                    ),
                ),
                (
                    "answer",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=500, verbose_name="answer"
                    ),
                ),
                ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="answered")),
            ],
            options={
                "verbose_name": "question about a remedy",
                "verbose_name_plural": "questions about remedies",
                "ordering": ("id",),
            },
        ),
        migrations.RemoveConstraint(
            model_name="remedy",
            name="compensation_remedy_one_at_a_time",
        ),
        migrations.AddField(
            model_name="remedy",
            name="alerted_level",
            field=models.PositiveSmallIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name="remedy",
            name="asked_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="waiting since"),
        ),
        migrations.AddField(
            model_name="remedy",
            name="due_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="answer due"),
        ),
        migrations.AddField(
            model_name="remedy",
            name="next_alert_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="remedy",
            name="recall_reason",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=500, verbose_name="why it was recalled"
            ),
        ),
        migrations.AlterField(
            model_name="remedy",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "Waiting for approval"),
                    ("returned", "Returned with a question"),
                    ("approved", "Approved"),
                    ("running", "Running"),
                    ("paused", "Paused"),
                    ("done", "Done"),
                    ("rejected", "Rejected"),
                    ("cancelled", "Stopped"),
                ],
                default="waiting",
                max_length=9,
                verbose_name="state",
            ),
        ),
        migrations.AddIndex(
            model_name="remedy",
            index=models.Index(
                condition=models.Q(("next_alert_at__isnull", False), ("state", "waiting")),
                fields=["next_alert_at", "id"],
                name="compensation_remedy_alert",
            ),
        ),
        migrations.AddConstraint(
            model_name="remedy",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("waiting", "returned", "approved", "running", "paused"))),
                fields=("incident",),
                name="compensation_remedy_one_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="remedy",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "cancelled"), ("recall_reason", ""), _connector="OR"),
                name="compensation_remedy_recalled_is_over",
            ),
        ),
        migrations.AddConstraint(
            model_name="remedyquestion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("answer", "")),
                fields=("remedy",),
                name="compensation_remedy_one_question_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="remedyquestion",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="compensation_remedy_question_asks"
            ),
        ),
        migrations.AddConstraint(
            model_name="remedyquestion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", ""), ("answered_at__isnull", True)),
                    models.Q(models.Q(("answer", ""), _negated=True), ("answered_at__isnull", False)),
                    _connector="OR",
                ),
                name="compensation_remedy_question_answered_once",
            ),
        ),
        migrations.RunSQL(GUARD, NO_GUARD),
    ]
