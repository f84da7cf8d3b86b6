"""Hold in the database what must hold of chains: four eyes at each step, and authority for the whole of it."""

from django.db import migrations

# The most specific authority in force: a person's before the role's, then of the kind, then of the basis.
LIMITS = """
CREATE FUNCTION compensation_limit(
    wanted_user bigint, wanted text, of_kind text, on_basis text, day date,
    OUT per_case numeric, OUT kind text, OUT basis text)
LANGUAGE sql STABLE AS $$
    SELECT newest.per_case, newest.kind, newest.basis FROM (
        SELECT DISTINCT ON (a.user_id, a.kind, a.basis) a.*
            FROM accounts_authority a JOIN accounts_user u ON u.role = a.role
            WHERE u.id = wanted_user AND (a.user_id IS NULL OR a.user_id = u.id) AND a.currency = wanted
              AND a.kind IN ('', of_kind) AND a.basis IN ('', on_basis) AND a.valid_from <= day
            ORDER BY a.user_id, a.kind, a.basis, a.valid_from DESC
    ) newest
    WHERE NOT newest.ends ORDER BY newest.user_id IS NULL, newest.kind = '', newest.basis = '' LIMIT 1
$$;

-- What a case was granted so far, as far as an authority for that kind and basis counts it.
CREATE FUNCTION compensation_granted(wanted_case bigint, wanted text, but_not bigint, of_kind text, on_basis text)
RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT coalesce(sum(o.granted_amount), 0) FROM compensation_offer o
        WHERE o.case_id = wanted_case AND o.currency = wanted AND o.id <> but_not
          AND o.state IN ('approved', 'offered', 'accepted', 'failed', 'fulfilled')
          AND of_kind IN ('', o.kind) AND on_basis IN ('', o.basis)
$$;

CREATE FUNCTION compensation_covers(wanted_user bigint, wanted_offer bigint, more numeric, at timestamptz)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT coalesce((
        SELECT more + compensation_granted(o.case_id, o.currency, o.id, l.kind, l.basis) <= l.per_case
            FROM compensation_offer o
            CROSS JOIN compensation_limit(
                wanted_user, o.currency, o.kind, o.basis, compensation_day(o.case_id, at)) l
            WHERE o.id = wanted_offer
    ), false)
$$;

CREATE FUNCTION compensation_own_complaint(wanted_user bigint, wanted_case bigint)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM accounts_user u
            JOIN cases_case c ON c.id = wanted_case
            JOIN customers_contactpoint p
                ON p.customer_id = c.customer_id AND p.kind = 'email' AND p.normalised = lower(u.email)
            WHERE u.id = wanted_user)
$$;
"""
LIMITS_OFF = """
DROP FUNCTION compensation_own_complaint(bigint, bigint);
DROP FUNCTION compensation_covers(bigint, bigint, numeric, timestamptz);
DROP FUNCTION compensation_granted(bigint, text, bigint, text, text);
DROP FUNCTION compensation_limit(bigint, text, text, text, date);
"""

STEPS = """
-- Who decides: never the proposer, nobody twice, nobody on their own complaint, and of the role or above it.
CREATE FUNCTION compensation_check_step() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    offer compensation_offer%ROWTYPE;
    people bigint[];
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state NOT IN ('planned', 'open') THEN
            RAISE EXCEPTION 'A step begins undecided.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_step_is_open';
        END IF;
        RETURN NEW;
    END IF;
    IF OLD.state NOT IN ('planned', 'open')
       OR (NEW.offer_id, NEW.round, NEW.level) IS DISTINCT FROM (OLD.offer_id, OLD.round, OLD.level)
       OR (OLD.state = 'planned' AND NEW.state NOT IN ('planned', 'open', 'dropped'))
       OR (OLD.state = 'open' AND NEW.state = 'planned')
    THEN
        RAISE EXCEPTION 'What was decided does not change, and only an open step is decided.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_step_is_open';
    END IF;
    IF NEW.state NOT IN ('approved', 'rejected', 'returned') THEN
        RETURN NEW;
    END IF;
    SELECT * INTO STRICT offer FROM compensation_offer WHERE id = NEW.offer_id;
    people := array_remove(ARRAY[NEW.decided_by_id, NEW.on_behalf_of_id], NULL);
    IF offer.proposer_id = ANY (people) THEN
        RAISE EXCEPTION 'Nobody approves their own proposal.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_step_four_eyes';
    END IF;
    IF EXISTS (
        SELECT FROM compensation_approvalstep s
            WHERE s.offer_id = NEW.offer_id AND s.round = NEW.round AND s.id <> NEW.id
              AND (s.decided_by_id = ANY (people) OR s.on_behalf_of_id = ANY (people)))
    THEN
        RAISE EXCEPTION 'Nobody decides two steps of an offer.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_step_once_a_person';
    END IF;
    IF EXISTS (SELECT FROM unnest(people) one WHERE compensation_own_complaint(one, offer.case_id)) THEN
        RAISE EXCEPTION 'Nobody decides on their own complaint.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_own_complaint';
    END IF;
    IF NEW.state = 'approved' AND (
        NEW.amount > offer.amount
        OR NOT compensation_may_take_step(
            coalesce(NEW.on_behalf_of_id, NEW.decided_by_id), offer.id, NEW.role, NEW.binding, NEW.amount, NEW.decided_at))
    THEN
        RAISE EXCEPTION 'A step is approved by its role, or by as much authority.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_step_by_its_role';
    END IF;
    RETURN NEW;
END $$;

-- A binding step is for its role, or for as much authority as that has; any other for who covers the amount.
CREATE FUNCTION compensation_may_take_step(
    wanted_user bigint, wanted_offer bigint, step_role text, binding boolean, more numeric, at timestamptz)
RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
    offer compensation_offer%ROWTYPE;
    day date;
BEGIN
    IF NOT binding THEN
        RETURN compensation_covers(wanted_user, wanted_offer, more, at);
    END IF;
    SELECT * INTO STRICT offer FROM compensation_offer WHERE id = wanted_offer;
    day := compensation_day(offer.case_id, at);
    RETURN EXISTS (SELECT FROM accounts_user u WHERE u.id = wanted_user AND u.role = step_role)
        OR (SELECT l.per_case FROM compensation_limit(
                wanted_user, offer.currency, offer.kind, offer.basis, day) l)
           >= (SELECT newest.per_case FROM (
                   SELECT DISTINCT ON (a.kind, a.basis) a.* FROM accounts_authority a
                       WHERE a.role = step_role AND a.user_id IS NULL AND a.currency = offer.currency
                         AND a.kind IN ('', offer.kind) AND a.basis IN ('', offer.basis)
                         AND a.valid_from <= day
                       ORDER BY a.kind, a.basis, a.valid_from DESC
               ) newest
               WHERE NOT newest.ends ORDER BY newest.kind = '', newest.basis = '' LIMIT 1);
END $$;
CREATE TRIGGER compensation_step_checked BEFORE INSERT OR UPDATE ON compensation_approvalstep
    FOR EACH ROW EXECUTE FUNCTION compensation_check_step();
CREATE TRIGGER compensation_step_kept BEFORE DELETE ON compensation_approvalstep
    FOR EACH ROW EXECUTE FUNCTION amends_refuse_change();

-- A waiting offer has an open step, for loaders as for actions; when it waits no more, it has none.
CREATE FUNCTION compensation_open_step() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO compensation_approvalstep (offer_id, round, level, role, binding, state, opened_at)
        SELECT o.id, o.round, 1, coalesce(nullif(o.asked_role, ''), 'manager'), o.deviation_reason <> '', 'open',
               o.proposed_at
            FROM compensation_offer o
            WHERE o.id = NEW.id AND o.state = 'waiting' AND NOT EXISTS (
                SELECT FROM compensation_approvalstep s
                    WHERE s.offer_id = o.id AND s.round = o.round AND s.state IN ('planned', 'open'));
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER compensation_new_offer_has_a_step AFTER INSERT ON compensation_offer
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.state = 'waiting') EXECUTE FUNCTION compensation_open_step();
CREATE CONSTRAINT TRIGGER compensation_offer_has_a_step AFTER UPDATE OF state ON compensation_offer
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.state = 'waiting' AND OLD.state <> 'waiting') EXECUTE FUNCTION compensation_open_step();

CREATE FUNCTION compensation_drop_steps() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE compensation_approvalstep SET state = 'dropped', next_alert_at = NULL
        WHERE offer_id = NEW.id AND state IN ('planned', 'open');
    RETURN NULL;
END $$;
CREATE TRIGGER compensation_steps_dropped AFTER UPDATE OF state ON compensation_offer
    FOR EACH ROW WHEN (OLD.state = 'waiting' AND NEW.state <> 'waiting')
    EXECUTE FUNCTION compensation_drop_steps();

-- A question keeps what was asked, and its answer once there is one.
CREATE FUNCTION compensation_check_question() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.answer <> '' OR (NEW.offer_id, NEW.step_id, NEW.text, NEW.asked_by_id, NEW.asked_at)
        IS DISTINCT FROM (OLD.offer_id, OLD.step_id, OLD.text, OLD.asked_by_id, OLD.asked_at)
    THEN
        RAISE EXCEPTION 'What was asked and answered does not change.' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER compensation_question_checked BEFORE UPDATE ON compensation_question
    FOR EACH ROW EXECUTE FUNCTION compensation_check_question();
CREATE TRIGGER compensation_question_kept BEFORE DELETE ON compensation_question
    FOR EACH ROW EXECUTE FUNCTION amends_refuse_change();
"""
STEPS_OFF = """
DROP TRIGGER compensation_question_kept ON compensation_question;
DROP TRIGGER compensation_question_checked ON compensation_question;
DROP FUNCTION compensation_check_question();
DROP TRIGGER compensation_steps_dropped ON compensation_offer;
DROP FUNCTION compensation_drop_steps();
DROP TRIGGER compensation_offer_has_a_step ON compensation_offer;
DROP TRIGGER compensation_new_offer_has_a_step ON compensation_offer;
DROP FUNCTION compensation_open_step();
DROP TRIGGER compensation_step_kept ON compensation_approvalstep;
DROP TRIGGER compensation_step_checked ON compensation_approvalstep;
DROP FUNCTION compensation_check_step();
DROP FUNCTION compensation_may_take_step(bigint, bigint, text, boolean, numeric, timestamptz);
"""

# The last step gives the approval, for the least that was approved, and somebody on the way covers it.
APPROVALS = """
CREATE OR REPLACE FUNCTION compensation_check_approval() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    offer compensation_offer%ROWTYPE;
    people bigint[];
    lowest numeric;
BEGIN
    SELECT * INTO STRICT offer FROM compensation_offer WHERE id = NEW.offer_id;
    IF offer.proposer_id <> NEW.proposer_id OR offer.proposer_id = NEW.approver_id THEN
        RAISE EXCEPTION 'Nobody approves their own proposal.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_nobody_approves_their_own';
    END IF;
    IF compensation_own_complaint(NEW.approver_id, offer.case_id) THEN
        RAISE EXCEPTION 'Nobody decides on their own complaint.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_own_complaint';
    END IF;
    IF NEW.decision = 'approved' THEN
        SELECT array_agg(coalesce(s.on_behalf_of_id, s.decided_by_id)), min(s.amount) INTO people, lowest
            FROM compensation_approvalstep s
            WHERE s.offer_id = offer.id AND s.round = offer.round AND s.state = 'approved';
        IF NEW.amount > offer.amount OR NOT EXISTS (
            SELECT FROM unnest(coalesce(people, ARRAY[NEW.approver_id])) one
                WHERE compensation_covers(one, offer.id, NEW.amount, NEW.at))
        THEN
            RAISE EXCEPTION 'Nobody approves above their authority.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_approval_within_limit';
        END IF;
        IF NEW.amount > lowest OR EXISTS (
            SELECT FROM compensation_approvalstep s
                WHERE s.offer_id = offer.id AND s.round = offer.round AND s.state IN ('planned', 'open'))
        THEN
            RAISE EXCEPTION 'An approval is what all steps have approved.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_approval_ends_the_chain';
        END IF;
    END IF;
    RETURN NEW;
END $$;
"""
APPROVALS_BEFORE = """
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
              AND o.state IN ('approved', 'offered', 'accepted', 'failed', 'fulfilled');
        IF authority IS NULL OR granted + NEW.amount > authority OR NEW.amount > offer.amount THEN
            RAISE EXCEPTION 'Nobody approves above their authority.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_approval_within_limit';
        END IF;
    END IF;
    RETURN NEW;
END $$;
"""


def grants(own_complaint: str, authority: str) -> str:
    """The check of what was granted, with how the authority of the proposer is found."""
    return f"""
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
        {own_complaint}
        authority := {authority};
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
"""  # noqa: S608  # expressions of this file


GRANTS = grants(
    """IF compensation_own_complaint(NEW.proposer_id, NEW.case_id) THEN
            RAISE EXCEPTION 'Nobody decides on their own complaint.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_own_complaint';
        END IF;""",
    """(SELECT l.per_case FROM compensation_limit(NEW.proposer_id, NEW.currency, NEW.kind, NEW.basis,
            compensation_day(NEW.case_id, NEW.decided_at)) l)""",
)
GRANTS_BEFORE = grants(
    "", "compensation_authority(NEW.proposer_id, NEW.currency, compensation_day(NEW.case_id, NEW.decided_at))"
)


def remedies(authority: str) -> str:
    """The check of a remedy's approval, with how the authority of the approver is found."""
    return f"""
CREATE OR REPLACE FUNCTION compensation_check_remedy_approval() RETURNS trigger LANGUAGE plpgsql AS $$
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
        authority := {authority};
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


REMEDIES = remedies(
    """(SELECT l.per_case FROM compensation_limit(NEW.approver_id, remedy.currency, remedy.kind,
            remedy.basis, (NEW.at AT TIME ZONE zone)::date) l)"""
)
REMEDIES_BEFORE = remedies(
    "compensation_authority(NEW.approver_id, remedy.currency, (NEW.at AT TIME ZONE zone)::date)"
)

MOVES = """
        ('draft', 'waiting'), ('draft', 'approved'), ('draft', 'cancelled'),
        ('waiting', 'approved'), ('waiting', 'rejected'), ('waiting', 'cancelled'),{more}
        ('approved', 'offered'), ('approved', 'fulfilled'), ('approved', 'failed'), ('approved', 'cancelled'),
        ('offered', 'accepted'), ('offered', 'declined'), ('offered', 'countered'), ('offered', 'expired'),
        ('offered', 'cancelled'),
        ('accepted', 'fulfilled'), ('accepted', 'failed'), ('accepted', 'cancelled'),
        ('failed', 'fulfilled'), ('failed', 'cancelled'),
        ('fulfilled', 'clawed_back')
"""


def moves(more: str) -> str:
    """The check of the states of an offer, with the moves that are new."""
    return f"""
CREATE OR REPLACE FUNCTION compensation_check_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.state, NEW.state) NOT IN ({MOVES.format(more=more)}) THEN
        RAISE EXCEPTION 'An offer does not go from % to %.', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_offer_moves';
    END IF;
    RETURN NEW;
END $$;
"""


AUTHORITY_OFF = "DROP FUNCTION compensation_authority(bigint, text, date);"
AUTHORITY_BEFORE = """
CREATE FUNCTION compensation_authority(user_id bigint, wanted text, day date)
RETURNS numeric LANGUAGE sql STABLE AS $$
    SELECT a.per_case FROM accounts_authority a JOIN accounts_user u ON u.role = a.role
        WHERE u.id = user_id AND a.currency = wanted AND a.valid_from <= day
        ORDER BY a.valid_from DESC LIMIT 1
$$;
"""
# Offers that wait have asked one role so far.
WAITING = """
INSERT INTO compensation_approvalstep (offer_id, role, binding, state, opened_at)
    SELECT id, coalesce(nullif(asked_role, ''), 'manager'), deviation_reason <> '', 'open', proposed_at
        FROM compensation_offer WHERE state = 'waiting';
SET CONSTRAINTS ALL IMMEDIATE;
SET CONSTRAINTS ALL DEFERRED;
"""
NOTHING = migrations.RunSQL.noop


class Migration(migrations.Migration):
    dependencies = (
        ("accounts", "0003_authority_of_persons_kinds_and_basis"),
        ("audit", "0002_append_only"),
        ("compensation", "0020_movements_by_round"),
        ("customers", "0001_initial"),
    )
    operations = (
        migrations.RunSQL(WAITING, NOTHING),
        migrations.RunSQL(LIMITS, LIMITS_OFF),
        migrations.RunSQL(STEPS, STEPS_OFF),
        migrations.RunSQL(APPROVALS, APPROVALS_BEFORE),
        migrations.RunSQL(GRANTS, GRANTS_BEFORE),
        migrations.RunSQL(REMEDIES, REMEDIES_BEFORE),
        migrations.RunSQL(moves("\n        ('waiting', 'draft'),"), moves("")),
        migrations.RunSQL(AUTHORITY_OFF, AUTHORITY_BEFORE),
    )
