"""Hold in the database what must hold of money: history is append-only, and nobody exceeds their authority."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER compensation_movement_append_only BEFORE UPDATE OR DELETE ON compensation_budgetmovement
    FOR EACH ROW EXECUTE FUNCTION amends_refuse_change();
CREATE TRIGGER compensation_approval_append_only BEFORE UPDATE OR DELETE ON compensation_approval
    FOR EACH ROW EXECUTE FUNCTION amends_refuse_change();

CREATE FUNCTION compensation_check_approval() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER compensation_approval_checked BEFORE INSERT ON compensation_approval
    FOR EACH ROW EXECUTE FUNCTION compensation_check_approval();
"""
BACKWARD = """
DROP TRIGGER compensation_approval_checked ON compensation_approval;
DROP FUNCTION compensation_check_approval();
DROP TRIGGER compensation_approval_append_only ON compensation_approval;
DROP TRIGGER compensation_movement_append_only ON compensation_budgetmovement;
"""


class Migration(migrations.Migration):
    dependencies = (
        ("accounts", "0001_initial"),
        ("audit", "0002_append_only"),
        ("compensation", "0001_initial"),
    )
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)
