"""Hold in the database that nobody decides on a remedy of which they would get a share themselves."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION compensation_check_own_remedy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (
        SELECT FROM accounts_user u
            JOIN customers_contactpoint p ON p.kind = 'email' AND p.normalised = lower(u.email)
            JOIN compensation_remedyshare s ON s.customer_id = p.customer_id AND s.remedy_id = NEW.remedy_id
            WHERE u.id = NEW.approver_id
    ) THEN
        RAISE EXCEPTION 'Nobody decides on their own complaint.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_own_complaint';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER compensation_remedy_not_ones_own BEFORE INSERT ON compensation_remedyapproval
    FOR EACH ROW EXECUTE FUNCTION compensation_check_own_remedy();
"""
BACKWARD = """
DROP TRIGGER compensation_remedy_not_ones_own ON compensation_remedyapproval;
DROP FUNCTION compensation_check_own_remedy();
"""


class Migration(migrations.Migration):
    dependencies = (("compensation", "0022_finance_role"),)
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)
