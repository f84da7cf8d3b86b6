"""An offer is at risk by the answer that it waits for, too, and not by its case's clocks alone."""

from django.db import migrations

STEPS = """
CREATE FUNCTION compensation_risk(wanted_offer bigint, case_due timestamptz)
RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT least(case_due, min(s.due_at)) FROM compensation_approvalstep s
        WHERE s.offer_id = wanted_offer AND s.state = 'open'
$$;
CREATE OR REPLACE FUNCTION compensation_fill_risk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT compensation_risk(NEW.id, c.due_at) INTO NEW.risk_at FROM cases_case c WHERE c.id = NEW.case_id;
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION compensation_follow_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE compensation_offer SET risk_at = compensation_risk(id, NEW.due_at)
        WHERE case_id = NEW.id AND state = 'waiting';
    RETURN NULL;
END $$;

CREATE FUNCTION compensation_follow_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE compensation_offer o SET risk_at = compensation_risk(o.id, c.due_at) FROM cases_case c
        WHERE o.id = NEW.offer_id AND c.id = o.case_id AND o.state = 'waiting';
    RETURN NULL;
END $$;
CREATE TRIGGER compensation_new_step_due AFTER INSERT ON compensation_approvalstep
    FOR EACH ROW WHEN (NEW.state = 'open' AND NEW.due_at IS NOT NULL)
    EXECUTE FUNCTION compensation_follow_steps();
CREATE TRIGGER compensation_step_due_moves AFTER UPDATE OF state, due_at ON compensation_approvalstep
    FOR EACH ROW WHEN ((OLD.state, OLD.due_at) IS DISTINCT FROM (NEW.state, NEW.due_at)
        AND coalesce(OLD.due_at, NEW.due_at) IS NOT NULL)
    EXECUTE FUNCTION compensation_follow_steps();
"""
CASES = """
DROP TRIGGER compensation_step_due_moves ON compensation_approvalstep;
DROP TRIGGER compensation_new_step_due ON compensation_approvalstep;
DROP FUNCTION compensation_follow_steps();
CREATE OR REPLACE FUNCTION compensation_fill_risk() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    SELECT c.due_at INTO NEW.risk_at FROM cases_case c WHERE c.id = NEW.case_id;
    RETURN NEW;
END $$;
CREATE OR REPLACE FUNCTION compensation_follow_case() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE compensation_offer SET risk_at = NEW.due_at WHERE case_id = NEW.id AND state = 'waiting';
    RETURN NULL;
END $$;
DROP FUNCTION compensation_risk(bigint, timestamptz);
"""


class Migration(migrations.Migration):
    dependencies = (("compensation", "0027_indexes_of_what_is_seen"),)
    operations = (migrations.RunSQL(STEPS, CASES),)
