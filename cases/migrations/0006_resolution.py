"""Resolutions get a table of their own, append-only in the database itself."""

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import common.choices

FORWARD = """
CREATE TRIGGER cases_resolution_append_only BEFORE UPDATE OR DELETE ON cases_resolution
    FOR EACH ROW EXECUTE FUNCTION amends_refuse_change();
"""
BACKWARD = "DROP TRIGGER cases_resolution_append_only ON cases_resolution;"

OUTCOMES = [
    ("upheld", "Upheld: we failed"),
    ("partly_upheld", "Partly upheld"),
    ("not_upheld", "Not upheld"),
    ("withdrawn", "Withdrawn by the customer"),
    ("not_recorded", "Not recorded"),
]
CHANNELS = [
    ("phone", "Phone"),
    ("counter", "Counter"),
    ("web", "Web form"),
    ("email", "E-mail"),
    ("chat", "Live chat"),
    ("social", "Social media"),
    ("survey", "Survey"),
    ("regulator", "Regulator"),
    ("api", "API"),
]


def kept(to: str, name: str, *, null: bool = False, related_name: str = "+") -> "models.ForeignKey[Any, Any]":
    return models.ForeignKey(
        to,
        django.db.models.deletion.PROTECT,
        null=null,
        blank=null,
        db_index=False,
        related_name=related_name,
        verbose_name=name,
    )


class Migration(migrations.Migration):
    dependencies = (
        ("accounts", "0001_initial"),
        ("audit", "0002_append_only"),
        ("cases", "0005_queue_counts_from_the_index"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    )
    operations = (
        migrations.CreateModel(
            name="Resolution",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("round", models.PositiveSmallIntegerField(default=1, verbose_name="round")),
                ("at", models.DateTimeField(verbose_name="resolved")),
                ("outcome", models.CharField(choices=OUTCOMES, max_length=14, verbose_name="outcome")),
                ("text", models.TextField(blank=True, verbose_name="decision and how it was told")),
                (
                    "reason",
                    models.CharField(blank=True, max_length=250, verbose_name="why resolved with work open"),
                ),
                ("channel", models.CharField(choices=CHANNELS, max_length=10, verbose_name="channel")),
                (
                    "failure_type",
                    models.CharField(
                        blank=True,
                        choices=[("process", "Process"), ("outcome", "Outcome")],
                        max_length=8,
                        verbose_name="failure type",
                    ),
                ),
                ("branch", kept("accounts.branch", "branch")),
                ("by", kept(settings.AUTH_USER_MODEL, "by", null=True)),
                ("case", kept("cases.case", "case", related_name="resolutions")),
                ("cause", kept("cases.cause", "cause", null=True)),
                ("defect", kept("cases.defect", "defect", null=True)),
            ],
            options={
                "verbose_name": "resolution",
                "verbose_name_plural": "resolutions",
                "ordering": ("case", "round"),
                "indexes": [
                    models.Index(
                        fields=["at", "id"],
                        include=("case", "round", "branch", "channel", "failure_type", "defect"),
                        name="cases_resolution_time",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("case", "round"), name="cases_resolution_once_a_round"),
                    models.CheckConstraint(
                        condition=models.Q(("round__gte", 1), models.Q(("outcome", ""), _negated=True)),
                        name="cases_resolution_is_complete",
                    ),
                ],
            },
            bases=(common.choices.QuickLabels, models.Model),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    )
