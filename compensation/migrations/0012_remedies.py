"""Remedies of incidents: one approval for all, a share for each customer."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import common.choices
import common.money


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0010_incidents"),
        ("compensation", "0011_kind_needs"),
        ("customers", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RemedyApproval",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "decision",
                    models.CharField(
                        choices=[("approved", "Approved"), ("rejected", "Rejected")],
                        max_length=8,
                        verbose_name="decision",
                    ),
                ),
                ("amount", common.money.AmountField(decimal_places=4, max_digits=14, verbose_name="total")),
                (
                    "limit",
                    common.money.AmountField(decimal_places=4, max_digits=14, verbose_name="authority"),
                ),
                ("reason", models.CharField(max_length=500, verbose_name="reason")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="at")),
            ],
            options={
                "verbose_name": "approval of a remedy",
                "verbose_name_plural": "approvals of remedies",
                "ordering": ("id",),
            },
            bases=(common.choices.QuickLabels, models.Model),
        ),
        migrations.CreateModel(
            name="RemedyShare",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("amount", common.money.AmountField(decimal_places=4, max_digits=14, verbose_name="amount")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("due", "To do"),
                            ("granted", "Granted"),
                            ("failed", "Failed"),
                            ("left_out", "Left out"),
                        ],
                        default="due",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("problem", models.CharField(blank=True, max_length=20, verbose_name="problem")),
                ("done_at", models.DateTimeField(blank=True, null=True, verbose_name="done")),
            ],
            options={
                "verbose_name": "share of a remedy",
                "verbose_name_plural": "shares of remedies",
                "ordering": ("id",),
            },
            bases=(common.choices.QuickLabels, models.Model),
        ),
        migrations.AlterField(
            model_name="budgetmovement",
            name="kind",
            field=models.CharField(
                choices=[
                    ("reserve", "Reserved"),
                    ("commit", "Committed"),
                    ("release", "Released"),
                    ("claw_back", "Clawed back"),
                    ("reduce", "Reserved less"),
                    ("allot", "Set aside"),
                    ("raise", "Raised"),
                    ("lower", "Lowered"),
                    ("carry_in", "Carried over from the period before"),
                    ("carry_out", "Carried over to the next period"),
                    ("hold", "Reserved for a remedy"),
                    ("pass_on", "Passed on to its offers, or given back"),
                ],
                max_length=10,
                verbose_name="kind",
            ),
        ),
        migrations.CreateModel(
            name="Remedy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("refund", "Refund"),
                            ("compensation", "Compensation payment"),
                            ("voucher", "Voucher"),
                            ("discount", "Discount"),
                            ("free_service", "Free service"),
                            ("upgrade", "Upgrade"),
                            ("points", "Points or miles"),
                            ("hotel", "Hotel"),
                            ("meal", "Meal"),
                            ("gift", "Gift"),
                        ],
                        max_length=14,
                        verbose_name="kind",
                    ),
                ),
                (
                    "basis",
                    models.CharField(
                        choices=[("goodwill", "Goodwill"), ("liability", "Liability")],
                        default="goodwill",
                        max_length=9,
                        verbose_name="basis",
                    ),
                ),
                ("rules", models.JSONField(verbose_name="amounts")),
                ("currency", common.money.CurrencyField(max_length=3, verbose_name="currency")),
                ("total", common.money.AmountField(decimal_places=4, max_digits=14, verbose_name="total")),
                (
                    "held",
                    common.money.AmountField(
                        decimal_places=4, default=0, max_digits=14, verbose_name="set aside"
                    ),
                ),
                ("purpose", models.CharField(max_length=160, verbose_name="what it is for")),
                ("reason", models.CharField(max_length=500, verbose_name="reason")),
                (
                    "tell_customers",
                    models.BooleanField(default=True, verbose_name="tell each customer by e-mail"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting for approval"),
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
                (
                    "proposed_at",
                    models.DateTimeField(default=django.utils.timezone.now, verbose_name="proposed"),
                ),
                ("asked_role", models.CharField(blank=True, max_length=12, verbose_name="asked")),
                ("started_at", models.DateTimeField(blank=True, null=True, verbose_name="started")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished")),
                (
                    "budget",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="compensation.budget",
                        verbose_name="budget",
                    ),
                ),
                (
                    "incident",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="remedies",
                        to="cases.incident",
                        verbose_name="incident",
                    ),
                ),
                (
                    "proposer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="proposed by",
                    ),
                ),
                (
                    "started_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="started by",
                    ),
                ),
            ],
            options={
                "verbose_name": "remedy",
                "verbose_name_plural": "remedies",
                "ordering": ("id",),
            },
            bases=(common.choices.QuickLabels, models.Model),
        ),
        migrations.AddField(
            model_name="budgetmovement",
            name="remedy",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="movements",
                to="compensation.remedy",
                verbose_name="remedy",
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="remedy",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="offers",
                to="compensation.remedy",
                verbose_name="remedy of an incident",
            ),
        ),
        migrations.AddConstraint(
            model_name="budgetmovement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind__in", ("hold", "pass_on")), ("remedy__isnull", False)),
                    models.Q(
                        ("remedy__isnull", True),
                        models.Q(("kind__in", ("hold", "pass_on")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="compensation_movement_of_remedy",
            ),
        ),
        migrations.AddField(
            model_name="remedyapproval",
            name="approver",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="decided by",
            ),
        ),
        migrations.AddField(
            model_name="remedyapproval",
            name="proposer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="proposed by",
            ),
        ),
        migrations.AddField(
            model_name="remedyapproval",
            name="remedy",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="approval",
                to="compensation.remedy",
                verbose_name="remedy",
            ),
        ),
        migrations.AddField(
            model_name="remedyshare",
            name="customer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="customers.customer",
                verbose_name="customer",
            ),
        ),
        migrations.AddField(
            model_name="remedyshare",
            name="offer",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="share",
                to="compensation.offer",
                verbose_name="offer",
            ),
        ),
        migrations.AddField(
            model_name="remedyshare",
            name="remedy",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="shares",
                to="compensation.remedy",
                verbose_name="remedy",
            ),
        ),
        migrations.AddIndex(
            model_name="remedy",
            index=models.Index(
                condition=models.Q(("state", "running")), fields=["id"], name="compensation_remedy_running"
            ),
        ),
        migrations.AddConstraint(
            model_name="remedy",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__in", ("waiting", "approved", "running", "paused"))),
                fields=("incident",),
                name="compensation_remedy_one_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="remedy",
            constraint=models.CheckConstraint(
                condition=models.Q(("total__gt", 0)), name="compensation_remedy_above_zero"
            ),
        ),
        migrations.AddConstraint(
            model_name="remedy",
            constraint=models.CheckConstraint(
                condition=models.Q(("held__gte", 0), ("held__lte", models.F("total"))),
                name="compensation_remedy_holds_no_more_than_its_total",
            ),
        ),
        migrations.AddConstraint(
            model_name="remedy",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state__in", ("running", "paused", "done")), _negated=True),
                    models.Q(("started_at__isnull", False), ("started_by__isnull", False)),
                    _connector="OR",
                ),
                name="compensation_remedy_run_has_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="remedyapproval",
            constraint=models.CheckConstraint(
                condition=models.Q(("approver", models.F("proposer")), _negated=True),
                name="compensation_remedy_four_eyes",
            ),
        ),
        migrations.AddConstraint(
            model_name="remedyapproval",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("decision", "rejected"), ("amount__lte", models.F("limit")), _connector="OR"
                ),
                name="compensation_remedy_within_limit",
            ),
        ),
        migrations.AddConstraint(
            model_name="remedyapproval",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True),
                name="compensation_remedy_decision_has_reason",
            ),
        ),
        migrations.AddIndex(
            model_name="remedyshare",
            index=models.Index(
                condition=models.Q(("state", "due")), fields=["remedy", "id"], name="compensation_share_due"
            ),
        ),
        migrations.AddIndex(
            model_name="remedyshare",
            index=models.Index(fields=["remedy", "done_at"], name="compensation_share_done"),
        ),
        migrations.AddConstraint(
            model_name="remedyshare",
            constraint=models.UniqueConstraint(fields=("remedy", "customer"), name="compensation_share_once"),
        ),
        migrations.AddConstraint(
            model_name="remedyshare",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0)), name="compensation_share_above_zero"
            ),
        ),
        migrations.AddConstraint(
            model_name="remedyshare",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("done_at__isnull", False), ("offer__isnull", False), ("state", "granted")),
                    models.Q(models.Q(("state", "granted"), _negated=True), ("offer__isnull", True)),
                    _connector="OR",
                ),
                name="compensation_granted_share_has_offer",
            ),
        ),
    ]
