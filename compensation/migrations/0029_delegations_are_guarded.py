"""Who decides a step in somebody's place was lent their authority for that day."""

from django.db import migrations

GUARD = """
CREATE FUNCTION compensation_check_delegation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.on_behalf_of_id = NEW.decided_by_id OR NOT EXISTS (
        SELECT FROM compensation_offer o
            JOIN accounts_delegation d
                ON d.delegator_id = NEW.on_behalf_of_id AND d.delegate_id = NEW.decided_by_id
            WHERE o.id = NEW.offer_id
              AND compensation_day(o.case_id, NEW.decided_at) BETWEEN d.starts_on AND d.ends_on
              AND (d.revoked_at IS NULL OR d.revoked_at > NEW.decided_at))
    THEN
        RAISE EXCEPTION 'Nobody decides in the place of somebody who has not lent their authority.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_step_delegated';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER compensation_step_delegated BEFORE UPDATE ON compensation_approvalstep
    FOR EACH ROW WHEN (NEW.on_behalf_of_id IS NOT NULL AND NEW.state IN ('approved', 'rejected', 'returned'))
    EXECUTE FUNCTION compensation_check_delegation();

-- What was lent is history: it ends, or is revoked, and nothing else about it changes.
CREATE FUNCTION compensation_keep_delegation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.revoked_at IS NOT NULL OR to_jsonb(NEW) - 'revoked_at' <> to_jsonb(OLD) - 'revoked_at' THEN
        RAISE EXCEPTION 'A delegation is revoked, never changed.' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER compensation_delegation_kept BEFORE UPDATE ON accounts_delegation
    FOR EACH ROW EXECUTE FUNCTION compensation_keep_delegation();
CREATE TRIGGER compensation_delegation_stays BEFORE DELETE ON accounts_delegation
    FOR EACH ROW EXECUTE FUNCTION amends_refuse_change();
"""
NO_GUARD = """
DROP TRIGGER compensation_delegation_stays ON accounts_delegation;
DROP TRIGGER compensation_delegation_kept ON accounts_delegation;
DROP FUNCTION compensation_keep_delegation();
DROP TRIGGER compensation_step_delegated ON compensation_approvalstep;
DROP FUNCTION compensation_check_delegation();
"""


class Migration(migrations.Migration):
    dependencies = (
        ("compensation", "0028_risk_by_steps"),
        ("accounts", "0005_delegations"),
        ("audit", "0002_append_only"),
    )
    operations = (migrations.RunSQL(GUARD, NO_GUARD),)
