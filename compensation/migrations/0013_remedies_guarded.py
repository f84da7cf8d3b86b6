"""Hold in the database that a remedy is approved once, by somebody else, with authority for its total."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER compensation_remedy_approval_append_only BEFORE UPDATE OR DELETE ON compensation_remedyapproval
    FOR EACH ROW EXECUTE FUNCTION amends_refuse_change();

CREATE FUNCTION compensation_check_remedy_approval() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    remedy compensation_remedy%ROWTYPE;
    zone text;
    authority numeric;
BEGIN
    SELECT * INTO STRICT remedy FROM compensation_remedy WHERE id = NEW.remedy_id;
    IF remedy.proposer_id <> NEW.proposer_id OR remedy.proposer_id = NEW.approver_id THEN
        RAISE EXCEPTION 'Nobody approves their own proposal.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_remedy_four_eyes';
    END IF;
    IF NEW.decision = 'approved' THEN
        SELECT b.time_zone INTO STRICT zone FROM cases_incident i JOIN accounts_branch b ON b.id = i.branch_id
            WHERE i.id = remedy.incident_id;
        authority := compensation_authority(
            NEW.approver_id, remedy.currency, (NEW.at AT TIME ZONE zone)::date);
        IF authority IS NULL OR NEW.amount > authority OR NEW.amount <> remedy.total
            OR remedy.total <> (SELECT sum(amount) FROM compensation_remedyshare WHERE remedy_id = remedy.id)
        THEN
            RAISE EXCEPTION 'Nobody approves above their authority.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_remedy_within_limit';
        END IF;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER compensation_remedy_approval_checked BEFORE INSERT ON compensation_remedyapproval
    FOR EACH ROW EXECUTE FUNCTION compensation_check_remedy_approval();

CREATE OR REPLACE FUNCTION compensation_check_grant() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    authority numeric;
BEGIN
    IF NEW.remedy_id IS NOT NULL THEN
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
"""
BACKWARD = """
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

DROP TRIGGER compensation_remedy_approval_checked ON compensation_remedyapproval;
DROP FUNCTION compensation_check_remedy_approval();
DROP TRIGGER compensation_remedy_approval_append_only ON compensation_remedyapproval;
"""


class Migration(migrations.Migration):
    dependencies = (("compensation", "0012_remedies"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)
