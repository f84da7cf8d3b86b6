"""Routes of approval, the steps of waiting offers, questions back, and rounds of offers."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import common.choices
import common.money


class Migration(migrations.Migration):
    dependencies = [
        ("compensation", "0018_decision_links"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="ApprovalRoute",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=80, verbose_name="name")),
                ("currency", common.money.CurrencyField(max_length=3, verbose_name="currency")),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        max_length=14,
                        verbose_name="kind",
                    ),
                ),
                (
                    "basis",
                    models.CharField(
                        blank=True,
                        choices=[("goodwill", "Goodwill"), ("liability", "Liability")],
                        max_length=9,
                        verbose_name="basis",
                    ),
                ),
                (
                    "from_amount",
                    common.money.AmountField(
                        decimal_places=4,
                        default=0,
                        max_digits=14,
                        verbose_name="from this amount on the case",
                    ),
                ),
                (
                    "only_beyond_policy",
                    models.BooleanField(default=False, verbose_name="only for what leaves the policy"),
                ),
                ("valid_from", models.DateField(verbose_name="valid from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="valid until")),
            ],
            options={
                "verbose_name": "approval route",
                "verbose_name_plural": "approval routes",
                "ordering": ("currency", "valid_from", "id"),
            },
            bases=(common.choices.QuickLabels, models.Model),
        ),
        migrations.CreateModel(
            name="ApprovalStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("round", models.PositiveSmallIntegerField(db_default=1, default=1, verbose_name="round")),
                ("level", models.PositiveSmallIntegerField(db_default=1, default=1, verbose_name="level")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("frontline", "Frontline"),
                            ("supervisor", "Supervisor"),
                            ("manager", "Manager"),
                            ("admin", "Administrator"),
                            ("auditor", "Auditor"),
                        ],
                        max_length=12,
                        verbose_name="role",
                    ),
                ),
                (
                    "binding",
                    models.BooleanField(db_default=False, default=False, verbose_name="this role at least"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("planned", "Not asked yet"),
                            ("open", "Waiting"),
                            ("approved", "Approved"),
                            ("rejected", "Rejected"),
                            ("returned", "Returned with a question"),
                            ("dropped", "Not needed any more"),
                        ],
                        db_default="planned",
                        default="planned",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("opened_at", models.DateTimeField(blank=True, null=True, verbose_name="asked")),
                ("due_at", models.DateTimeField(blank=True, null=True, verbose_name="answer due")),
                ("next_alert_at", models.DateTimeField(blank=True, editable=False, null=True)),
                ("alerted_level", models.PositiveSmallIntegerField(db_default=0, default=0, editable=False)),
                (
                    "amount",
                    common.money.AmountField(
                        blank=True, decimal_places=4, max_digits=14, null=True, verbose_name="amount"
                    ),
                ),
                (
                    "reason",
                    models.CharField(
                        blank=True, db_default="", default="", max_length=500, verbose_name="reason"
                    ),
                ),
                ("decided_at", models.DateTimeField(blank=True, null=True, verbose_name="decided")),
            ],
            options={
                "verbose_name": "approval step",
                "verbose_name_plural": "approval steps",
                "ordering": ("round", "level", "id"),
            },
            bases=(common.choices.QuickLabels, models.Model),
        ),
        migrations.CreateModel(
            name="Question",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.CharField(max_length=500, verbose_name="question")),
                ("asked_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="asked")),
                ("answer", models.CharField(blank=True, max_length=500, verbose_name="answer")),
                ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="answered")),
            ],
            options={
                "verbose_name": "question about an offer",
                "verbose_name_plural": "questions about offers",
                "ordering": ("id",),
            },
        ),
        migrations.CreateModel(
            name="RouteStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("level", models.PositiveSmallIntegerField(verbose_name="level")),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("frontline", "Frontline"),
                            ("supervisor", "Supervisor"),
                            ("manager", "Manager"),
                            ("admin", "Administrator"),
                            ("auditor", "Auditor"),
                        ],
                        max_length=12,
                        verbose_name="role",
                    ),
                ),
            ],
            options={
                "verbose_name": "step of an approval route",
                "verbose_name_plural": "steps of approval routes",
                "ordering": ("level", "id"),
            },
            bases=(common.choices.QuickLabels, models.Model),
        ),
        migrations.AddField(
            model_name="budgetmovement",
            name="round",
            field=models.PositiveSmallIntegerField(
                db_default=1, default=1, verbose_name="round of the offer"
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="round",
            field=models.PositiveSmallIntegerField(db_default=1, default=1, verbose_name="round"),
        ),
        migrations.AddField(
            model_name="approvalroute",
            name="created_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="set up by",
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="route",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="offers",
                to="compensation.approvalroute",
                verbose_name="approval route",
            ),
        ),
        migrations.AddField(
            model_name="approvalstep",
            name="decided_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="decided by",
            ),
        ),
        migrations.AddField(
            model_name="approvalstep",
            name="offer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="steps",
                to="compensation.offer",
                verbose_name="offer",
            ),
        ),
        migrations.AddField(
            model_name="approvalstep",
            name="on_behalf_of",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="on behalf of",
            ),
        ),
        migrations.AddField(
            model_name="question",
            name="answered_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="answered by",
            ),
        ),
        migrations.AddField(
            model_name="question",
            name="asked_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="asked by",
            ),
        ),
        migrations.AddField(
            model_name="question",
            name="offer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="questions",
                to="compensation.offer",
                verbose_name="offer",
            ),
        ),
        migrations.AddField(
            model_name="question",
            name="step",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="question",
                to="compensation.approvalstep",
                verbose_name="approval step",
            ),
        ),
        migrations.AddField(
            model_name="routestep",
            name="route",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="steps",
                to="compensation.approvalroute",
                verbose_name="approval route",
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalroute",
            constraint=models.CheckConstraint(
                condition=models.Q(("from_amount__gte", 0)), name="compensation_route_from_an_amount"
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalroute",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("valid_to__isnull", True), ("valid_to__gte", models.F("valid_from")), _connector="OR"
                ),
                name="compensation_route_lasts",
            ),
        ),
        migrations.AddIndex(
            model_name="approvalstep",
            index=models.Index(
                condition=models.Q(("state", "open")),
                fields=["role", "opened_at", "id"],
                include=("offer",),
                name="compensation_step_open",
            ),
        ),
        migrations.AddIndex(
            model_name="approvalstep",
            index=models.Index(
                condition=models.Q(("next_alert_at__isnull", False), ("state", "open")),
                fields=["next_alert_at", "id"],
                name="compensation_step_alert",
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalstep",
            constraint=models.UniqueConstraint(
                condition=models.Q(("decided_by__isnull", False)),
                fields=("offer", "round", "decided_by"),
                name="compensation_step_once_a_person",
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("decided_at__isnull", False),
                        ("decided_by__isnull", False),
                        models.Q(("reason", ""), _negated=True),
                        ("state__in", ["approved", "rejected", "returned"]),
                    ),
                    models.Q(
                        ("decided_by__isnull", True),
                        models.Q(("state__in", ["approved", "rejected", "returned"]), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="compensation_decided_step_is_complete",
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("amount__gt", 0), ("state", "approved")),
                    models.Q(models.Q(("state", "approved"), _negated=True), ("amount__isnull", True)),
                    _connector="OR",
                ),
                name="compensation_approved_step_has_an_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "open"), _negated=True), ("opened_at__isnull", False), _connector="OR"
                ),
                name="compensation_open_step_since_when",
            ),
        ),
        migrations.AddConstraint(
            model_name="approvalstep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("on_behalf_of__isnull", True),
                    models.Q(
                        ("decided_by__isnull", False),
                        models.Q(("on_behalf_of", models.F("decided_by")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="compensation_step_on_behalf_of_another",
            ),
        ),
        migrations.AddConstraint(
            model_name="question",
            constraint=models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="compensation_question_asks"
            ),
        ),
        migrations.AddConstraint(
            model_name="question",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", ""), ("answered_at__isnull", True), ("answered_by__isnull", True)),
                    models.Q(
                        models.Q(("answer", ""), _negated=True),
                        ("answered_at__isnull", False),
                        ("answered_by__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="compensation_question_answered_by_somebody",
            ),
        ),
        migrations.AddConstraint(
            model_name="routestep",
            constraint=models.CheckConstraint(
                condition=models.Q(("level__gte", 1)), name="compensation_route_level"
            ),
        ),
    ]
