"""A remedy is decided on in somebody's place: with the authority they lent, and with as many pairs of eyes."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def check_approval(people: str, holder: str, lent: str) -> str:
    """The check of a decision: who must not make it, whose authority counts, and that it was lent."""
    return f"""
CREATE OR REPLACE FUNCTION compensation_check_remedy_approval() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    remedy compensation_remedy%ROWTYPE;
    zone text;
    authority numeric;
BEGIN
    SELECT * INTO STRICT remedy FROM compensation_remedy WHERE id = NEW.remedy_id;
    IF remedy.proposer_id <> NEW.proposer_id OR remedy.proposer_id IN ({people}) THEN
        RAISE EXCEPTION 'Nobody approves their own proposal.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_remedy_four_eyes';
    END IF;
    SELECT b.time_zone INTO STRICT zone FROM cases_incident i JOIN accounts_branch b ON b.id = i.branch_id
        WHERE i.id = remedy.incident_id;
    {lent}
    IF NEW.decision = 'approved' THEN
        authority := (SELECT l.per_case FROM compensation_limit({holder}, remedy.currency, remedy.kind,
            remedy.basis, (NEW.at AT TIME ZONE zone)::date) l);
        IF authority IS NULL OR NEW.amount > authority OR NEW.amount <> remedy.total
            OR remedy.total <> (SELECT sum(amount) FROM compensation_remedyshare WHERE remedy_id = remedy.id)
        THEN
            RAISE EXCEPTION 'Nobody approves above their authority.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_remedy_within_limit';
        END IF;
    END IF;
    RETURN NEW;
END $$;
"""  # noqa: S608  # expressions of this file


def check_own(people: str) -> str:
    """The check that nobody decides on, or lends authority over, what they would get themselves."""
    return f"""
CREATE OR REPLACE FUNCTION compensation_check_own_remedy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM accounts_user u
            JOIN customers_contactpoint p ON p.kind = 'email' AND p.normalised = lower(u.email)
            JOIN compensation_remedyshare s ON s.customer_id = p.customer_id AND s.remedy_id = NEW.remedy_id
            WHERE u.id IN ({people})
    ) THEN
        RAISE EXCEPTION 'Nobody decides on their own complaint.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_own_complaint';
    END IF;
    RETURN NEW;
END $$;
"""  # expressions of this file


def has_part(people: str) -> str:
    """Whether somebody had a part in what an order pays, with who counts of those who decided on a remedy."""
    return f"""
CREATE OR REPLACE FUNCTION compensation_has_part_in(user_id bigint, wanted_order bigint)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM compensation_paymentorder p JOIN compensation_offer o ON o.id = p.offer_id
            WHERE p.id = wanted_order AND (
                user_id IN (o.proposer_id, p.entered_by_id)
                OR EXISTS (SELECT FROM compensation_approval a
                               WHERE a.offer_id = o.id AND a.approver_id = user_id)
                OR EXISTS (SELECT FROM compensation_approvalstep s
                               WHERE s.offer_id = o.id AND user_id IN (s.decided_by_id, s.on_behalf_of_id))
                OR EXISTS (SELECT FROM compensation_remedyapproval r
                               WHERE r.remedy_id = o.remedy_id AND user_id IN ({people}))))
$$;
"""  # noqa: S608  # expressions of this file


def check_review(people: str) -> str:
    """The check that nobody reviews what they had a part in, with who counts of a remedy."""
    return f"""
CREATE OR REPLACE FUNCTION compensation_check_review() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM compensation_reviewitem i JOIN compensation_offer o ON o.id = i.offer_id
            LEFT JOIN compensation_approval a ON a.offer_id = o.id
            LEFT JOIN compensation_remedyapproval r ON r.remedy_id = o.remedy_id
            WHERE i.id = NEW.item_id
              AND NEW.by_id IN (o.proposer_id, a.approver_id, {people})
        UNION ALL
        SELECT FROM compensation_reviewitem i JOIN compensation_approvalstep s ON s.offer_id = i.offer_id
            WHERE i.id = NEW.item_id AND NEW.by_id IN (s.decided_by_id, s.on_behalf_of_id)
    ) THEN
        RAISE EXCEPTION 'Nobody reviews what they had a part in.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_nobody_reviews_their_own';
    END IF;
    RETURN NEW;
END $$;
"""  # noqa: S608  # expressions of this file


LENT = """IF NEW.on_behalf_of_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM accounts_delegation d
            WHERE d.delegator_id = NEW.on_behalf_of_id AND d.delegate_id = NEW.approver_id
              AND (NEW.at AT TIME ZONE zone)::date BETWEEN d.starts_on AND d.ends_on
              AND (d.revoked_at IS NULL OR d.revoked_at > NEW.at))
    THEN
        RAISE EXCEPTION 'Nobody decides in the place of somebody who has not lent their authority.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_step_delegated';
    END IF;"""
WITH_LENDER = (
    check_approval(
        "NEW.approver_id, NEW.on_behalf_of_id", "coalesce(NEW.on_behalf_of_id, NEW.approver_id)", LENT
    )
    + check_own("NEW.approver_id, NEW.on_behalf_of_id")
    + has_part("r.approver_id, r.on_behalf_of_id")
    + check_review("r.approver_id, r.on_behalf_of_id, r.proposer_id")
)
WITHOUT = (
    check_approval("NEW.approver_id", "NEW.approver_id", "")
    + check_own("NEW.approver_id")
    + has_part("r.approver_id")
    + check_review("r.approver_id, r.proposer_id")
)


ROLES = [
    ("frontline", "Frontline"),
    ("supervisor", "Supervisor"),
    ("manager", "Manager"),
    ("admin", "Administrator"),
    ("auditor", "Auditor"),
    ("finance", "Finance"),
]


class Migration(migrations.Migration):
    dependencies = (
        ("compensation", "0031_budgets_stay_under_remedies"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    )
    operations = (
        migrations.AlterField(
            model_name="remedy",
            name="asked_role",
            field=models.CharField(blank=True, choices=ROLES, max_length=12, verbose_name="asked"),
        ),
        migrations.AddField(
            model_name="remedyapproval",
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
        migrations.AddConstraint(
            model_name="remedyapproval",
            constraint=models.CheckConstraint(
                condition=models.Q(on_behalf_of__isnull=True)
                | ~models.Q(on_behalf_of=models.F("approver")) & ~models.Q(on_behalf_of=models.F("proposer")),
                name="compensation_remedy_on_behalf_of_another",
            ),
        ),
        migrations.RunSQL(WITH_LENDER, WITHOUT),
    )
