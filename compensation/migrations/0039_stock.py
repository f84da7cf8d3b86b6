"""Count what branches have at hand of kinds that are sent or handed over."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import compensation.models.kind

# What is at hand is the sum of what moved, and what moved stays written.
GUARDS = """
CREATE FUNCTION compensation_move_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE compensation_stock SET on_hand = on_hand + NEW.change WHERE id = NEW.stock_id;
    RETURN NULL;
END $$;
CREATE TRIGGER compensation_stock_counts AFTER INSERT ON compensation_stockmovement
    FOR EACH ROW EXECUTE FUNCTION compensation_move_stock();
CREATE TRIGGER compensation_stock_movement_append_only BEFORE UPDATE OR DELETE ON compensation_stockmovement
    FOR EACH ROW EXECUTE FUNCTION amends_refuse_change();

CREATE FUNCTION compensation_keep_stock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2 AND NEW.on_hand <> (CASE TG_OP WHEN 'INSERT' THEN 0 ELSE OLD.on_hand END) THEN
        RAISE EXCEPTION 'What is at hand follows from what moved.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_stock_follows_movements';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER compensation_stock_kept BEFORE INSERT OR UPDATE ON compensation_stock
    FOR EACH ROW EXECUTE FUNCTION compensation_keep_stock();
"""
GUARDS_OFF = """
DROP TRIGGER compensation_stock_kept ON compensation_stock;
DROP FUNCTION compensation_keep_stock();
DROP TRIGGER compensation_stock_movement_append_only ON compensation_stockmovement;
DROP TRIGGER compensation_stock_counts ON compensation_stockmovement;
DROP FUNCTION compensation_move_stock();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_teams"),
        ("compensation", "0038_questions_to_answer"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="kindsetting",
            name="counts_stock",
            field=models.BooleanField(db_default=False, default=False, verbose_name="its stock is counted"),
        ),
        migrations.CreateModel(
            name="Stock",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("kind", models.CharField(max_length=14, verbose_name="kind")),
                ("on_hand", models.IntegerField(default=0, verbose_name="at hand")),
                ("low_at", models.PositiveIntegerField(default=5, verbose_name="warn at")),
                (
                    "branch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.branch",
                        verbose_name="branch",
                    ),
                ),
            ],
            options={
                "verbose_name": "stock",
                "verbose_name_plural": "stocks",
                "ordering": ("branch__code",),
            },
            bases=(compensation.models.kind.OfKind, models.Model),
        ),
        migrations.CreateModel(
            name="StockMovement",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("change", models.IntegerField(verbose_name="change")),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="reason")),
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
                    "offer",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="stock_movements",
                        to="compensation.offer",
                        verbose_name="offer",
                    ),
                ),
                (
                    "stock",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="movements",
                        to="compensation.stock",
                        verbose_name="stock",
                    ),
                ),
            ],
            options={
                "verbose_name": "movement of stock",
                "verbose_name_plural": "movements of stock",
                "ordering": ("id",),
            },
        ),
        migrations.AddConstraint(
            model_name="stock",
            constraint=models.UniqueConstraint(fields=("kind", "branch"), name="compensation_stock_once"),
        ),
        migrations.AddConstraint(
            model_name="stock",
            constraint=models.CheckConstraint(
                condition=models.Q(("on_hand__gte", 0)), name="compensation_stock_never_below_zero"
            ),
        ),
        migrations.AddConstraint(
            model_name="stockmovement",
            constraint=models.CheckConstraint(
                condition=models.Q(("change", 0), _negated=True), name="compensation_stock_moves"
            ),
        ),
        migrations.AddConstraint(
            model_name="stockmovement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("offer__isnull", False), models.Q(("reason", ""), _negated=True), _connector="OR"
                ),
                name="compensation_stock_says_why",
            ),
        ),
        migrations.AddConstraint(
            model_name="stockmovement",
            constraint=models.UniqueConstraint(
                condition=models.Q(("change__lt", 0)), fields=("offer",), name="compensation_stock_taken_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="stockmovement",
            constraint=models.UniqueConstraint(
                condition=models.Q(("change__gt", 0)), fields=("offer",), name="compensation_stock_back_once"
            ),
        ),
        migrations.RunSQL(GUARDS, GUARDS_OFF),
    ]
