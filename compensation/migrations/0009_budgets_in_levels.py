"""Budgets in levels, by kind, with terms of their own; a ledger of their amounts as well as of offers."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models

import compensation.models.budget

# A budget keeps whose it is; what stands above it can change only before money went through both.
FORWARD = """
CREATE FUNCTION compensation_check_budget() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    above compensation_budget%ROWTYPE;
    levels integer := 1;
    next_id bigint := NEW.parent_id;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.branch_id, NEW.kind, NEW.currency) IS DISTINCT FROM (OLD.branch_id, OLD.kind, OLD.currency) THEN
            RAISE EXCEPTION 'A budget keeps its branch, kind and currency.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_budget_stays';
        END IF;
        IF NEW.parent_id IS DISTINCT FROM OLD.parent_id AND EXISTS (
            SELECT FROM compensation_budgetmovement m WHERE m.budget_id = NEW.id AND m.offer_id IS NOT NULL
        ) THEN
            RAISE EXCEPTION 'A budget that has paid for offers stays where it is.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_budget_stays';
        END IF;
    END IF;
    WHILE next_id IS NOT NULL LOOP
        SELECT * INTO STRICT above FROM compensation_budget WHERE id = next_id;
        levels := levels + 1;
        IF levels > 4 OR above.id = NEW.id OR above.currency <> NEW.currency THEN
            RAISE EXCEPTION 'No more than four levels, in one currency and without a circle.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_budget_levels';
        END IF;
        next_id := above.parent_id;
    END LOOP;
    RETURN NEW;
END $$;
CREATE TRIGGER compensation_budget_placed
    BEFORE INSERT OR UPDATE OF parent_id, branch_id, kind, currency ON compensation_budget
    FOR EACH ROW EXECUTE FUNCTION compensation_check_budget();

CREATE FUNCTION compensation_refuse_closed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Nothing more is taken from a closed budget.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_budget_closed';
END $$;
CREATE TRIGGER compensation_budget_closed BEFORE UPDATE OF reserved, committed ON compensation_budget
    FOR EACH ROW WHEN (
        OLD.closed_at IS NOT NULL AND NEW.reserved + NEW.committed > OLD.reserved + OLD.committed)
    EXECUTE FUNCTION compensation_refuse_closed();

INSERT INTO compensation_budgetmovement (budget_id, kind, amount, reason, at)
    SELECT id, 'allot', amount, '', now() FROM compensation_budget WHERE amount > 0 ORDER BY id;
-- References are checked now: indexes that follow cannot be built while checks are pending.
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""
# The ledger of before knows movements of offers alone.
BACKWARD = """
ALTER TABLE compensation_budgetmovement DISABLE TRIGGER USER;
DELETE FROM compensation_budgetmovement WHERE offer_id IS NULL;
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
ALTER TABLE compensation_budgetmovement ENABLE TRIGGER USER;
DROP TRIGGER compensation_budget_closed ON compensation_budget;
DROP FUNCTION compensation_refuse_closed();
DROP TRIGGER compensation_budget_placed ON compensation_budget;
DROP FUNCTION compensation_check_budget();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_api_token"),
        ("compensation", "0008_payments_are_guarded"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="budget",
            name="compensation_budget_once",
        ),
        migrations.RemoveConstraint(
            model_name="budget",
            name="compensation_budget_never_overspent",
        ),
        migrations.RemoveConstraint(
            model_name="budget",
            name="compensation_budget_not_negative",
        ),
        migrations.RemoveConstraint(
            model_name="budgetmovement",
            name="compensation_movement_once",
        ),
        migrations.AddField(
            model_name="budget",
            name="carries_over",
            field=models.BooleanField(default=False, verbose_name="carries over"),
        ),
        migrations.AddField(
            model_name="budget",
            name="closed_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="closed"),
        ),
        migrations.AddField(
            model_name="budget",
            name="kind",
            field=models.CharField(
                blank=True,
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
                default="",
                max_length=14,
                verbose_name="kind",
            ),
        ),
        migrations.AddField(
            model_name="budget",
            name="name",
            field=models.CharField(blank=True, default="", max_length=80, verbose_name="name"),
        ),
        migrations.AddField(
            model_name="budget",
            name="overdraft",
            field=models.DecimalField(decimal_places=3, default=0, max_digits=4, verbose_name="overdraft"),
        ),
        migrations.AddField(
            model_name="budget",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="children",
                to="compensation.budget",
                verbose_name="part of",
            ),
        ),
        migrations.AddField(
            model_name="budget",
            name="reserve_at",
            field=models.CharField(
                choices=[("approval", "When it is approved"), ("proposal", "When it is proposed")],
                default="approval",
                max_length=8,
                verbose_name="money is set aside",
            ),
        ),
        migrations.AddField(
            model_name="budget",
            name="warn_at",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.PositiveSmallIntegerField(),
                default=compensation.models.budget.usual_warnings,
                size=None,
                verbose_name="warn at",
            ),
        ),
        migrations.AddField(
            model_name="budgetmovement",
            name="counterpart",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="compensation.budget",
                verbose_name="other budget",
            ),
        ),
        migrations.AddField(
            model_name="budgetmovement",
            name="reason",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=500, verbose_name="reason"
            ),
        ),
        migrations.AlterField(
            model_name="budget",
            name="branch",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.branch",
                verbose_name="branch",
            ),
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
                ],
                max_length=10,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="budgetmovement",
            name="offer",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="movements",
                to="compensation.offer",
                verbose_name="offer",
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.UniqueConstraint(
                fields=("branch", "name", "kind", "currency", "starts_on"),
                name="compensation_budget_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "amount__gte",
                        django.db.models.expressions.CombinedExpression(
                            django.db.models.expressions.CombinedExpression(
                                models.F("reserved"), "+", models.F("committed")
                            ),
                            "-",
                            django.db.models.expressions.CombinedExpression(
                                models.F("amount"), "*", models.F("overdraft")
                            ),
                        ),
                    )
                ),
                name="compensation_budget_never_overspent",
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(("amount__gte", 0), ("committed__gte", 0), ("reserved__gte", 0)),
                name="compensation_budget_not_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(("overdraft__gte", 0), ("overdraft__lte", 1)),
                name="compensation_budget_overdraft",
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("branch__isnull", False), ("name", "")),
                    models.Q(("branch__isnull", True), ("kind", ""), models.Q(("name", ""), _negated=True)),
                    _connector="OR",
                ),
                name="compensation_budget_of_branch_or_named",
            ),
        ),
        migrations.AddConstraint(
            model_name="budgetmovement",
            constraint=models.UniqueConstraint(
                fields=("offer", "budget", "kind"), name="compensation_movement_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="budgetmovement",
            constraint=models.UniqueConstraint(
                condition=models.Q(("kind__in", ("allot", "carry_out"))),
                fields=("budget", "kind"),
                name="compensation_budget_movement_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="budgetmovement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("kind__in", ("reserve", "reduce", "release", "commit", "claw_back")),
                        ("offer__isnull", False),
                    ),
                    models.Q(
                        ("offer__isnull", True),
                        models.Q(
                            ("kind__in", ("reserve", "reduce", "release", "commit", "claw_back")),
                            _negated=True,
                        ),
                    ),
                    _connector="OR",
                ),
                name="compensation_movement_of_offer_or_budget",
            ),
        ),
        migrations.AddConstraint(
            model_name="budgetmovement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("counterpart__isnull", False), ("kind__in", ("carry_in", "carry_out"))),
                    models.Q(
                        ("counterpart__isnull", True),
                        models.Q(("kind__in", ("carry_in", "carry_out")), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="compensation_movement_has_counterpart",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
