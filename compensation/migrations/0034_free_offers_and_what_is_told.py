"""Let offers cost nothing, keep what was redeemed of one that is clawed back, and details of a payment."""

import django.db.models.expressions
from django.db import migrations, models

import common.money


def grants(begin: str, authority: str) -> str:
    """The check of what was granted: how it begins, and which authority somebody has who has none."""
    return f"""
CREATE OR REPLACE FUNCTION compensation_check_grant() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    authority numeric;
BEGIN
    {begin} NEW.remedy_id IS NOT NULL THEN
        IF NEW.within_authority OR NOT EXISTS (
            SELECT FROM compensation_remedyapproval a
                JOIN compensation_remedyshare s ON s.remedy_id = a.remedy_id
                WHERE a.remedy_id = NEW.remedy_id AND a.decision = 'approved'
                  AND s.offer_id = NEW.id AND s.amount = NEW.granted_amount
        ) THEN
            RAISE EXCEPTION 'An offer of a remedy needs the approval of the remedy, and a share of that amount.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_grant_has_approval';
        END IF;
    ELSIF NEW.within_authority THEN
        IF compensation_own_complaint(NEW.proposer_id, NEW.case_id) THEN
            RAISE EXCEPTION 'Nobody decides on their own complaint.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_own_complaint';
        END IF;
        authority := (SELECT l.per_case FROM compensation_limit(NEW.proposer_id, NEW.currency, NEW.kind, NEW.basis,
            compensation_day(NEW.case_id, NEW.decided_at)) l);
        IF {authority} THEN
            RAISE EXCEPTION 'Nobody grants above their authority.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_grant_within_authority';
        END IF;
    ELSIF NOT EXISTS (
        SELECT FROM compensation_approval a
            WHERE a.offer_id = NEW.id AND a.decision = 'approved' AND a.amount = NEW.granted_amount
    ) THEN
        RAISE EXCEPTION 'What goes beyond the proposer''s authority needs an approval of that amount.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_grant_has_approval';
    END IF;
    RETURN NULL;
END $$;
"""  # noqa: S608  # expressions of this file


# Of a voucher that is clawed back, what was redeemed stays granted, to the cent.
TAKEN_BACK = """IF TG_OP = 'UPDATE' AND OLD.state = 'fulfilled' AND NEW.taken_back > 0 THEN
        IF OLD.taken_back > 0 OR NEW.proposer_id <> OLD.proposer_id OR NEW.within_authority <> OLD.within_authority
            OR NEW.granted_amount + NEW.taken_back <> OLD.granted_amount
            OR NOT EXISTS (
                SELECT FROM compensation_voucher v
                    WHERE v.offer_id = NEW.id AND v.state = 'void' AND v.value - v.remaining = NEW.granted_amount)
        THEN
            RAISE EXCEPTION 'What is left granted of a voucher is what was redeemed of it.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_grant_keeps_redeemed';
        END IF;
    ELSIF"""
GRANTS = grants(TAKEN_BACK, "NEW.granted_amount > coalesce(authority, 0)")
GRANTS_BEFORE = grants("IF", "authority IS NULL OR NEW.granted_amount > authority")


class Migration(migrations.Migration):
    dependencies = [
        ("compensation", "0033_asked_beside"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="answer",
            name="compensation_counter_says_what",
        ),
        migrations.RemoveConstraint(
            model_name="offer",
            name="compensation_offer_above_zero",
        ),
        migrations.RemoveConstraint(
            model_name="offer",
            name="compensation_granted_no_more_than_asked",
        ),
        migrations.AddField(
            model_name="offer",
            name="taken_back",
            field=common.money.AmountField(
                db_default=0, decimal_places=4, default=0, max_digits=14, verbose_name="taken back"
            ),
        ),
        migrations.AddField(
            model_name="paymentorder",
            name="details",
            field=models.JSONField(blank=True, db_default={}, default=dict, verbose_name="details"),
        ),
        migrations.AddConstraint(
            model_name="answer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", "countered"), _negated=True),
                    models.Q(("amount__gte", 0), models.Q(("kind", ""), _negated=True)),
                    _connector="OR",
                ),
                name="compensation_counter_says_what",
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("amount__gt", 0),
                    models.Q(
                        ("amount", 0),
                        ("budget__isnull", True),
                        models.Q(
                            ("within_authority", True), ("state__in", ("draft", "cancelled")), _connector="OR"
                        ),
                    ),
                    _connector="OR",
                ),
                name="compensation_offer_never_negative",
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("granted_amount__isnull", True),
                    models.Q(
                        ("granted_amount__gt", 0),
                        (
                            "granted_amount__lte",
                            django.db.models.expressions.CombinedExpression(
                                models.F("amount"), "-", models.F("taken_back")
                            ),
                        ),
                    ),
                    models.Q(("amount", 0), ("granted_amount", 0)),
                    _connector="OR",
                ),
                name="compensation_granted_no_more_than_asked",
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("taken_back", 0),
                    models.Q(("state", "fulfilled"), ("taken_back__gt", 0)),
                    _connector="OR",
                ),
                name="compensation_taken_back_of_fulfilled",
            ),
        ),
        migrations.RunSQL(GRANTS, GRANTS_BEFORE),
    ]
