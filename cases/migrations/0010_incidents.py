"""Incidents, who is affected by them, and the sequence of their numbers."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import common.choices
import common.money


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_api_token"),
        ("cases", "0009_resolution_texts_can_be_emptied"),
        ("customers", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Incident",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.CharField(max_length=20, unique=True, verbose_name="incident number")),
                ("name", models.CharField(max_length=120, verbose_name="name")),
                ("description", models.TextField(verbose_name="what happened")),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("phone", "Phone"),
                            ("counter", "Counter"),
                            ("web", "Web form"),
                            ("email", "E-mail"),
                            ("chat", "Live chat"),
                            ("social", "Social media"),
                            ("survey", "Survey"),
                            ("regulator", "Regulator"),
                            ("api", "API"),
                        ],
                        default="email",
                        max_length=10,
                        verbose_name="channel",
                    ),
                ),
                (
                    "failure_type",
                    models.CharField(
                        blank=True,
                        choices=[("process", "Process"), ("outcome", "Outcome")],
                        max_length=8,
                        verbose_name="failure type",
                    ),
                ),
                (
                    "severity",
                    models.PositiveSmallIntegerField(
                        choices=[(1, "Critical"), (2, "High"), (3, "Medium"), (4, "Low")],
                        default=3,
                        verbose_name="severity",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("open", "Open"), ("resolved", "Resolved")],
                        default="open",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                (
                    "declared_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="declared"),
                ),
                ("resolved_at", models.DateTimeField(blank=True, null=True, verbose_name="resolved")),
                (
                    "branch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.branch",
                        verbose_name="branch",
                    ),
                ),
                (
                    "declared_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="declared by",
                    ),
                ),
                (
                    "defect",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cases.defect",
                        verbose_name="defect",
                    ),
                ),
            ],
            options={
                "verbose_name": "incident",
                "verbose_name_plural": "incidents",
                "ordering": ("-id",),
            },
            bases=(common.choices.QuickLabels, models.Model),
        ),
        migrations.CreateModel(
            name="Affected",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "loss",
                    common.money.AmountField(
                        blank=True, decimal_places=4, max_digits=14, null=True, verbose_name="loss"
                    ),
                ),
                (
                    "excluded_because",
                    models.CharField(blank=True, max_length=200, verbose_name="left out because"),
                ),
                ("added_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="added")),
                (
                    "added_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="added by",
                    ),
                ),
                (
                    "case",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="incidents",
                        to="cases.case",
                        verbose_name="case",
                    ),
                ),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="customers.customer",
                        verbose_name="customer",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="affected",
                        to="cases.incident",
                        verbose_name="incident",
                    ),
                ),
            ],
            options={
                "verbose_name": "affected customer",
                "verbose_name_plural": "affected customers",
                "ordering": ("id",),
            },
        ),
        migrations.CreateModel(
            name="UnknownLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.CharField(max_length=300, verbose_name="line")),
                ("problem", models.CharField(max_length=20, verbose_name="problem")),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="unknown_lines",
                        to="cases.incident",
                        verbose_name="incident",
                    ),
                ),
            ],
            options={
                "verbose_name": "unknown line",
                "verbose_name_plural": "unknown lines",
                "ordering": ("id",),
            },
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(fields=["branch", "-id"], name="cases_incident_branch"),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(("severity__range", (1, 4))), name="cases_incident_severity_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("resolved_at__isnull", False), ("state", "resolved")),
                    models.Q(("resolved_at__isnull", True), ("state", "open")),
                    _connector="OR",
                ),
                name="cases_incident_resolved_has_time",
            ),
        ),
        migrations.AddIndex(
            model_name="affected",
            index=models.Index(fields=["incident", "id"], name="cases_affected_listed"),
        ),
        migrations.AddConstraint(
            model_name="affected",
            constraint=models.UniqueConstraint(fields=("incident", "customer"), name="cases_affected_once"),
        ),
        migrations.AddConstraint(
            model_name="affected",
            constraint=models.UniqueConstraint(fields=("case",), name="cases_affected_case_once"),
        ),
        migrations.AddConstraint(
            model_name="affected",
            constraint=models.CheckConstraint(
                condition=models.Q(("loss__isnull", True), ("loss__gte", 0), _connector="OR"),
                name="cases_affected_loss_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="unknownline",
            constraint=models.UniqueConstraint(fields=("incident", "text"), name="cases_unknown_line_once"),
        ),
        migrations.RunSQL("CREATE SEQUENCE cases_incident_number", "DROP SEQUENCE cases_incident_number"),
    ]
