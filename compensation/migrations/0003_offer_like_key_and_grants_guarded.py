"""Find like cases by an index, and let no grant stand in the database without the authority for it."""

from django.db import migrations, models

FORWARD = """
CREATE FUNCTION compensation_like_key(failure_type text, defect_id bigint, severity integer, currency text)
RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT concat(failure_type, ':', coalesce(defect_id, 0), ':',
                  CASE WHEN severity <= 2 THEN 'severe' ELSE 'usual' END, ':', currency)
$$;

CREATE FUNCTION compensation_fill_like_key() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT compensation_like_key(c.failure_type, c.defect_id, c.severity::integer, NEW.currency) INTO NEW.like_key
        FROM cases_case c WHERE c.id = NEW.case_id;
    NEW.like_key := coalesce(NEW.like_key, '');
    RETURN NEW;
END $$;
CREATE TRIGGER compensation_offer_like_key BEFORE INSERT OR UPDATE OF state ON compensation_offer
    FOR EACH ROW WHEN (NEW.state IN ('approved', 'fulfilled') AND NEW.like_key = '')
    EXECUTE FUNCTION compensation_fill_like_key();

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

CREATE FUNCTION compensation_check_grant() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE CONSTRAINT TRIGGER compensation_new_grant_checked AFTER INSERT ON compensation_offer
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.state IN ('approved', 'fulfilled')) EXECUTE FUNCTION compensation_check_grant();
CREATE CONSTRAINT TRIGGER compensation_grant_checked
    AFTER UPDATE OF state, granted_amount, within_authority, proposer_id ON compensation_offer
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.state IN ('approved', 'fulfilled') AND (
        OLD.state NOT IN ('approved', 'fulfilled')
        OR (NEW.granted_amount, NEW.within_authority, NEW.proposer_id)
            IS DISTINCT FROM (OLD.granted_amount, OLD.within_authority, OLD.proposer_id)))
    EXECUTE FUNCTION compensation_check_grant();
"""
BACKWARD = """
DROP TRIGGER compensation_grant_checked ON compensation_offer;
DROP TRIGGER compensation_new_grant_checked ON compensation_offer;
DROP FUNCTION compensation_check_grant();
CREATE OR REPLACE FUNCTION compensation_check_approval() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    offer compensation_offer%ROWTYPE;
    authority numeric;
BEGIN
    SELECT * INTO STRICT offer FROM compensation_offer WHERE id = NEW.offer_id;
    IF offer.proposer_id <> NEW.proposer_id OR offer.proposer_id = NEW.approver_id THEN
        RAISE EXCEPTION 'Nobody approves their own proposal.' USING ERRCODE = 'check_violation';
    END IF;
    IF NEW.decision = 'approved' THEN
        SELECT a.per_case INTO authority
            FROM accounts_authority a JOIN accounts_user u ON u.role = a.role
            WHERE u.id = NEW.approver_id AND a.currency = offer.currency AND a.valid_from <= NEW.at::date
            ORDER BY a.valid_from DESC LIMIT 1;
        IF authority IS NULL OR NEW.amount > authority OR NEW.amount > offer.amount THEN
            RAISE EXCEPTION 'Nobody approves above their authority.' USING ERRCODE = 'check_violation';
        END IF;
    END IF;
    RETURN NEW;
END $$;
DROP FUNCTION compensation_authority(bigint, text, timestamptz);
DROP TRIGGER compensation_offer_like_key ON compensation_offer;
DROP FUNCTION compensation_fill_like_key();
DROP FUNCTION compensation_like_key(text, bigint, integer, text);
"""


class Migration(migrations.Migration):
    dependencies = (
        ("cases", "0001_initial"),
        ("compensation", "0002_money_is_guarded"),
    )
    operations = (
        migrations.AddField(
            model_name="offer",
            name="like_key",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=60),
        ),
        migrations.AddIndex(
            model_name="offer",
            index=models.Index(
                condition=models.Q(("state__in", ("approved", "fulfilled"))),
                fields=["like_key", "-decided_at"],
                include=("granted_amount", "case"),
                name="compensation_offer_like",
            ),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    )
