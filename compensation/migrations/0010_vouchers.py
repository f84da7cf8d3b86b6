"""Vouchers, and what the database itself holds of them: exactly once, never below zero, history as it was."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import common.choices
import common.money

FORWARD = """
CREATE TRIGGER compensation_redemption_append_only BEFORE UPDATE OR DELETE ON compensation_redemption
    FOR EACH ROW EXECUTE FUNCTION amends_refuse_change();

CREATE FUNCTION compensation_redeem() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    undone compensation_redemption%ROWTYPE;
BEGIN
    IF NEW.reverses_id IS NULL THEN
        UPDATE compensation_voucher SET remaining = remaining - NEW.amount,
            state = CASE WHEN single_use OR remaining = NEW.amount THEN 'redeemed' ELSE state END
            WHERE id = NEW.voucher_id AND state = 'active' AND expires_at > NEW.at
            RETURNING remaining INTO NEW.remaining_after;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'This voucher is not valid.' USING ERRCODE = 'check_violation',
                CONSTRAINT = 'compensation_redeemed_voucher_is_valid';
        END IF;
    ELSE
        SELECT * INTO STRICT undone FROM compensation_redemption WHERE id = NEW.reverses_id;
        IF undone.voucher_id <> NEW.voucher_id OR undone.amount <> NEW.amount OR undone.reverses_id IS NOT NULL THEN
            RAISE EXCEPTION 'A reversal takes back one whole redemption.' USING ERRCODE = 'check_violation',
                CONSTRAINT = 'compensation_reversal_is_whole';
        END IF;
        UPDATE compensation_voucher SET remaining = remaining + NEW.amount,
            state = CASE WHEN state = 'redeemed' THEN 'active' ELSE state END
            WHERE id = NEW.voucher_id RETURNING remaining INTO NEW.remaining_after;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER compensation_redemption_counts BEFORE INSERT ON compensation_redemption
    FOR EACH ROW EXECUTE FUNCTION compensation_redeem();

CREATE FUNCTION compensation_keep_voucher() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.remaining <> OLD.remaining AND pg_trigger_depth() < 2 THEN
        RAISE EXCEPTION 'What a voucher is still worth follows from its redemptions.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_voucher_follows_redemptions';
    END IF;
    IF NEW.value <> OLD.value OR NEW.currency <> OLD.currency OR NEW.offer_id <> OLD.offer_id THEN
        RAISE EXCEPTION 'A voucher keeps its value.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_voucher_keeps_value';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER compensation_voucher_kept BEFORE UPDATE ON compensation_voucher
    FOR EACH ROW EXECUTE FUNCTION compensation_keep_voucher();
"""
BACKWARD = """
DROP TRIGGER compensation_voucher_kept ON compensation_voucher;
DROP FUNCTION compensation_keep_voucher();
DROP TRIGGER compensation_redemption_counts ON compensation_redemption;
DROP FUNCTION compensation_redeem();
DROP TRIGGER compensation_redemption_append_only ON compensation_redemption;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_api_token"),
        ("compensation", "0009_budgets_in_levels"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Voucher",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("value", common.money.AmountField(decimal_places=4, max_digits=14, verbose_name="value")),
                ("currency", common.money.CurrencyField(max_length=3, verbose_name="currency")),
                (
                    "percent",
                    models.DecimalField(
                        blank=True, decimal_places=2, max_digits=5, null=True, verbose_name="percent"
                    ),
                ),
                (
                    "remaining",
                    common.money.AmountField(decimal_places=4, max_digits=14, verbose_name="remaining"),
                ),
                ("single_use", models.BooleanField(verbose_name="redeemed at once")),
                ("everywhere", models.BooleanField(verbose_name="at every branch")),
                ("seed", models.CharField(editable=False, max_length=64, unique=True)),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                ("key_mark", models.CharField(editable=False, max_length=8)),
                ("last_four", models.CharField(max_length=4, verbose_name="ends in")),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "Valid"), ("redeemed", "Redeemed"), ("void", "Void")],
                        default="active",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("issued_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="issued")),
                ("expires_at", models.DateTimeField(verbose_name="valid until")),
                ("remind_at", models.DateTimeField(blank=True, null=True, verbose_name="reminder due")),
                ("reminded_at", models.DateTimeField(blank=True, null=True, verbose_name="reminded")),
                ("voided_at", models.DateTimeField(blank=True, null=True, verbose_name="void since")),
                ("void_reason", models.CharField(blank=True, max_length=500, verbose_name="why it is void")),
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
                    "issued_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="issued by",
                    ),
                ),
                (
                    "offer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="voucher",
                        to="compensation.offer",
                        verbose_name="offer",
                    ),
                ),
            ],
            options={
                "verbose_name": "voucher",
                "verbose_name_plural": "vouchers",
                "ordering": ("-id",),
            },
        ),
        migrations.CreateModel(
            name="Redemption",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("amount", common.money.AmountField(decimal_places=4, max_digits=14, verbose_name="amount")),
                (
                    "bill",
                    common.money.AmountField(
                        blank=True, decimal_places=4, max_digits=14, null=True, verbose_name="bill"
                    ),
                ),
                ("reference", models.CharField(blank=True, max_length=120, verbose_name="reference")),
                ("reason", models.CharField(blank=True, max_length=500, verbose_name="reason")),
                (
                    "ticket",
                    models.CharField(blank=True, editable=False, max_length=64, null=True, unique=True),
                ),
                (
                    "remaining_after",
                    common.money.AmountField(decimal_places=4, max_digits=14, verbose_name="left after it"),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="at")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                (
                    "reverses",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reversal",
                        to="compensation.redemption",
                        verbose_name="takes back",
                    ),
                ),
                (
                    "voucher",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="redemptions",
                        to="compensation.voucher",
                        verbose_name="voucher",
                    ),
                ),
            ],
            options={
                "verbose_name": "redemption",
                "verbose_name_plural": "redemptions",
                "ordering": ("id",),
            },
        ),
        migrations.CreateModel(
            name="VoucherLink",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("digest", models.CharField(editable=False, max_length=64, unique=True)),
                ("sent_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="sent at")),
                ("opened_at", models.DateTimeField(blank=True, null=True, verbose_name="opened")),
                (
                    "voucher",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links",
                        to="compensation.voucher",
                        verbose_name="voucher",
                    ),
                ),
            ],
            options={
                "verbose_name": "link to a voucher",
                "verbose_name_plural": "links to vouchers",
            },
        ),
        migrations.CreateModel(
            name="VoucherRule",
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
                        unique=True,
                        verbose_name="kind",
                    ),
                ),
                (
                    "validity_days",
                    models.PositiveSmallIntegerField(
                        default=365,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(3660),
                        ],
                        verbose_name="valid for, in days",
                    ),
                ),
                (
                    "reminder_days",
                    models.PositiveSmallIntegerField(
                        default=30, verbose_name="reminder, days before the end"
                    ),
                ),
                ("single_use", models.BooleanField(default=False, verbose_name="redeemed at once")),
                ("everywhere", models.BooleanField(default=True, verbose_name="at every branch")),
            ],
            options={
                "verbose_name": "rule of vouchers",
                "verbose_name_plural": "rules of vouchers",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("validity_days__gte", 1), ("validity_days__lte", 3660)),
                        name="compensation_voucher_rule_validity",
                    )
                ],
            },
            bases=(common.choices.QuickLabels, models.Model),
        ),
        migrations.AddIndex(
            model_name="voucher",
            index=models.Index(
                condition=models.Q(("remind_at__isnull", False), ("state", "active")),
                fields=["remind_at"],
                name="compensation_voucher_remind",
            ),
        ),
        migrations.AddIndex(
            model_name="voucher",
            index=models.Index(fields=["branch", "-id"], name="compensation_voucher_branch"),
        ),
        migrations.AddIndex(
            model_name="voucher",
            index=models.Index(fields=["key_mark"], name="compensation_voucher_key"),
        ),
        migrations.AddConstraint(
            model_name="voucher",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("remaining__gte", 0), ("remaining__lte", models.F("value")), ("value__gt", 0)
                ),
                name="compensation_voucher_never_below_zero",
            ),
        ),
        migrations.AddConstraint(
            model_name="voucher",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("percent__isnull", True),
                    models.Q(("percent__gt", 0), ("percent__lte", 100)),
                    _connector="OR",
                ),
                name="compensation_voucher_percent",
            ),
        ),
        migrations.AddConstraint(
            model_name="voucher",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_at__gt", models.F("issued_at"))),
                name="compensation_voucher_period",
            ),
        ),
        migrations.AddConstraint(
            model_name="voucher",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "void"), _negated=True),
                    models.Q(("voided_at__isnull", False), models.Q(("void_reason", ""), _negated=True)),
                    _connector="OR",
                ),
                name="compensation_void_voucher_has_reason",
            ),
        ),
        migrations.AddConstraint(
            model_name="redemption",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gt", 0), ("remaining_after__gte", 0)),
                name="compensation_redemption_above_zero",
            ),
        ),
        migrations.AddConstraint(
            model_name="redemption",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("reverses__isnull", True), models.Q(("reason", ""), _negated=True), _connector="OR"
                ),
                name="compensation_reversal_has_reason",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
