"""Lists of grants drawn for internal audit, append-only, and reviews by others than those who granted."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import common.choices
import common.money

FORWARD = """
CREATE TRIGGER compensation_reviewlist_append_only BEFORE UPDATE OR DELETE ON compensation_reviewlist
    FOR EACH ROW EXECUTE FUNCTION amends_refuse_change();
CREATE TRIGGER compensation_reviewitem_append_only BEFORE UPDATE OR DELETE ON compensation_reviewitem
    FOR EACH ROW EXECUTE FUNCTION amends_refuse_change();
CREATE TRIGGER compensation_review_append_only BEFORE UPDATE OR DELETE ON compensation_review
    FOR EACH ROW EXECUTE FUNCTION amends_refuse_change();

CREATE FUNCTION compensation_check_review() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM compensation_reviewitem i JOIN compensation_offer o ON o.id = i.offer_id
            LEFT JOIN compensation_approval a ON a.offer_id = o.id
            LEFT JOIN compensation_remedyapproval r ON r.remedy_id = o.remedy_id
            WHERE i.id = NEW.item_id
              AND NEW.by_id IN (o.proposer_id, a.approver_id, r.approver_id, r.proposer_id)
        UNION ALL
        SELECT FROM compensation_reviewitem i JOIN compensation_approvalstep s ON s.offer_id = i.offer_id
            WHERE i.id = NEW.item_id AND NEW.by_id IN (s.decided_by_id, s.on_behalf_of_id)
    ) THEN
        RAISE EXCEPTION 'Nobody reviews what they had a part in.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_nobody_reviews_their_own';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER compensation_review_checked BEFORE INSERT ON compensation_review
    FOR EACH ROW EXECUTE FUNCTION compensation_check_review();
"""
BACKWARD = """
DROP TRIGGER compensation_review_checked ON compensation_review;
DROP FUNCTION compensation_check_review();
DROP TRIGGER compensation_review_append_only ON compensation_review;
DROP TRIGGER compensation_reviewitem_append_only ON compensation_reviewitem;
DROP TRIGGER compensation_reviewlist_append_only ON compensation_reviewlist;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_api_token"),
        ("cases", "0010_incidents"),
        ("compensation", "0024_grants_for_review"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Review",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "finding",
                    models.CharField(
                        choices=[("in_order", "In order"), ("remark", "Remark"), ("irregular", "Irregular")],
                        max_length=9,
                        verbose_name="finding",
                    ),
                ),
                ("note", models.CharField(blank=True, max_length=1000, verbose_name="note")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="at")),
            ],
            options={
                "verbose_name": "review",
                "verbose_name_plural": "reviews",
                "ordering": ("id",),
            },
            bases=(common.choices.QuickLabels, models.Model),
        ),
        migrations.CreateModel(
            name="ReviewItem",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("band", models.PositiveSmallIntegerField(verbose_name="band")),
                ("place", models.PositiveIntegerField(verbose_name="place")),
                ("amount", common.money.AmountField(decimal_places=4, max_digits=14, verbose_name="granted")),
            ],
            options={
                "verbose_name": "offer for review",
                "verbose_name_plural": "offers for review",
                "ordering": ("list", "place"),
            },
        ),
        migrations.CreateModel(
            name="ReviewList",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("purpose", models.CharField(max_length=120, verbose_name="purpose")),
                ("currency", common.money.CurrencyField(max_length=3, verbose_name="currency")),
                (
                    "branch_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        blank=True,
                        null=True,
                        size=None,
                        verbose_name="branches",
                    ),
                ),
                ("first_day", models.DateField(verbose_name="from")),
                ("last_day", models.DateField(verbose_name="to")),
                ("since", models.DateTimeField(verbose_name="from")),
                ("until", models.DateTimeField(verbose_name="before")),
                ("seed", models.CharField(max_length=40, verbose_name="seed")),
                ("asked_size", models.PositiveIntegerField(verbose_name="how many")),
                ("asked_bands", models.PositiveSmallIntegerField(verbose_name="bands of amounts")),
                ("population", models.PositiveIntegerField(verbose_name="drawn from")),
                (
                    "population_total",
                    models.DecimalField(decimal_places=4, max_digits=20, verbose_name="sum"),
                ),
                ("fingerprint", models.CharField(max_length=64, verbose_name="fingerprint")),
                ("bands", models.JSONField(verbose_name="bands")),
                ("drawn_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="drawn")),
            ],
            options={
                "verbose_name": "review list",
                "verbose_name_plural": "review lists",
                "ordering": ("-id",),
            },
        ),
        migrations.AddField(
            model_name="review",
            name="by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="by",
            ),
        ),
        migrations.AddField(
            model_name="reviewitem",
            name="offer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="review_items",
                to="compensation.offer",
                verbose_name="offer",
            ),
        ),
        migrations.AddField(
            model_name="review",
            name="item",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="reviews",
                to="compensation.reviewitem",
                verbose_name="offer",
            ),
        ),
        migrations.AddField(
            model_name="reviewlist",
            name="drawn_by",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="drawn by",
            ),
        ),
        migrations.AddField(
            model_name="reviewitem",
            name="list",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="items",
                to="compensation.reviewlist",
                verbose_name="review list",
            ),
        ),
        migrations.AddConstraint(
            model_name="review",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("finding", "in_order"), models.Q(("note", ""), _negated=True), _connector="OR"
                ),
                name="compensation_finding_has_words",
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewlist",
            constraint=models.CheckConstraint(
                condition=models.Q(("until__gt", models.F("since")), ("until__lte", models.F("drawn_at"))),
                name="compensation_review_of_a_period_that_is_over",
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewitem",
            constraint=models.UniqueConstraint(
                fields=("list", "place"), name="compensation_review_place_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="reviewitem",
            constraint=models.UniqueConstraint(
                fields=("list", "offer"), name="compensation_review_offer_once"
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
