"""Let an authority hold from its date on by the clock of the branch, in the database as well."""

from django.db import migrations

# A zone that PostgreSQL does not know is taken for UTC: a guard must not be what stops a decision.
FORWARD = """
CREATE FUNCTION compensation_day(wanted_case bigint, at timestamptz)
RETURNS date LANGUAGE plpgsql STABLE AS $$
DECLARE
    zone text;
BEGIN
    SELECT b.time_zone INTO STRICT zone FROM cases_case c JOIN accounts_branch b ON b.id = c.branch_id
        WHERE c.id = wanted_case;
    RETURN (at AT TIME ZONE zone)::date;
EXCEPTION WHEN invalid_parameter_value THEN
    RETURN (at AT TIME ZONE 'UTC')::date;
END $$;

CREATE FUNCTION compensation_authority(user_id bigint, wanted text, day date)
RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT a.per_case FROM accounts_authority a JOIN accounts_user u ON u.role = a.role
        WHERE u.id = user_id AND a.currency = wanted AND a.valid_from <= day
        ORDER BY a.valid_from DESC LIMIT 1
$$;

CREATE OR REPLACE FUNCTION compensation_check_approval() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    offer compensation_offer%ROWTYPE;
    authority numeric;
    granted numeric;
BEGIN
    SELECT * INTO STRICT offer FROM compensation_offer WHERE id = NEW.offer_id;
    IF offer.proposer_id <> NEW.proposer_id OR offer.proposer_id = NEW.approver_id THEN
        RAISE EXCEPTION 'Nobody approves their own proposal.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_nobody_approves_their_own';
    END IF;
    IF NEW.decision = 'approved' THEN
        authority := compensation_authority(
            NEW.approver_id, offer.currency, compensation_day(offer.case_id, NEW.at));
        SELECT coalesce(sum(o.granted_amount), 0) INTO granted FROM compensation_offer o
            WHERE o.case_id = offer.case_id AND o.currency = offer.currency AND o.id <> offer.id
              AND o.state IN ('approved', 'fulfilled');
        IF authority IS NULL OR granted + NEW.amount > authority OR NEW.amount > offer.amount THEN
            RAISE EXCEPTION 'Nobody approves above their authority.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_approval_within_limit';
        END IF;
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION compensation_check_grant() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    authority numeric;
BEGIN
    IF NEW.within_authority THEN
        authority := compensation_authority(
            NEW.proposer_id, NEW.currency, compensation_day(NEW.case_id, NEW.decided_at));
        IF authority IS NULL OR NEW.granted_amount > authority THEN
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

DROP FUNCTION compensation_authority(bigint, text, timestamptz);
"""
BACKWARD = """
CREATE FUNCTION compensation_authority(user_id bigint, wanted text, at timestamptz)
RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT a.per_case FROM accounts_authority a JOIN accounts_user u ON u.role = a.role
        WHERE u.id = user_id AND a.currency = wanted AND a.valid_from <= (at AT TIME ZONE 'UTC')::date
        ORDER BY a.valid_from DESC LIMIT 1
$$;

CREATE OR REPLACE FUNCTION compensation_check_approval() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    offer compensation_offer%ROWTYPE;
    authority numeric;
    granted numeric;
BEGIN
    SELECT * INTO STRICT offer FROM compensation_offer WHERE id = NEW.offer_id;
    IF offer.proposer_id <> NEW.proposer_id OR offer.proposer_id = NEW.approver_id THEN
        RAISE EXCEPTION 'Nobody approves their own proposal.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_nobody_approves_their_own';
    END IF;
    IF NEW.decision = 'approved' THEN
        authority := compensation_authority(NEW.approver_id, offer.currency, NEW.at);
        SELECT coalesce(sum(o.granted_amount), 0) INTO granted FROM compensation_offer o
            WHERE o.case_id = offer.case_id AND o.currency = offer.currency AND o.id <> offer.id
              AND o.state IN ('approved', 'fulfilled');
        IF authority IS NULL OR granted + NEW.amount > authority OR NEW.amount > offer.amount THEN
            RAISE EXCEPTION 'Nobody approves above their authority.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_approval_within_limit';
        END IF;
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION compensation_check_grant() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    authority numeric;
BEGIN
    IF NEW.within_authority THEN
        authority := compensation_authority(NEW.proposer_id, NEW.currency, NEW.decided_at);
        IF authority IS NULL OR NEW.granted_amount > authority THEN
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

DROP FUNCTION compensation_authority(bigint, text, date);
DROP FUNCTION compensation_day(bigint, timestamptz);
"""


class Migration(migrations.Migration):
    dependencies = (
        ("compensation", "0003_offer_like_key_and_grants_guarded"),
        ("cases", "0001_initial"),
        ("accounts", "0001_initial"),
    )
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)
