"""Hold in the database what must hold of payments: frozen means frozen, and nobody is paid by two ways."""

from django.db import migrations

FORWARD = """
CREATE TRIGGER compensation_payment_batch_frozen BEFORE UPDATE OR DELETE ON compensation_paymentbatch
    FOR EACH ROW EXECUTE FUNCTION amends_refuse_change();
CREATE TRIGGER compensation_payment_file_frozen BEFORE UPDATE OR DELETE ON compensation_paymentfile
    FOR EACH ROW EXECUTE FUNCTION amends_refuse_change();
CREATE TRIGGER compensation_payment_line_kept BEFORE DELETE ON compensation_paymentline
    FOR EACH ROW EXECUTE FUNCTION amends_refuse_change();

-- A line may only go from waiting to its end; what it pays, and to whom, never changes.
CREATE FUNCTION compensation_payment_line_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.batch_id, NEW.order_id, NEW.end_to_end_id, NEW.amount, NEW.name, NEW.iban, NEW.account, NEW.bank,
        NEW.text)
       IS DISTINCT FROM
       (OLD.batch_id, OLD.order_id, OLD.end_to_end_id, OLD.amount, OLD.name, OLD.iban, OLD.account, OLD.bank,
        OLD.text)
       OR OLD.state <> 'waiting'
    THEN
        RAISE EXCEPTION 'A frozen payment does not change, and what became of it is final.'
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.state = 'confirmed' AND compensation_has_part_in(NEW.settled_by_id, NEW.order_id) THEN
        RAISE EXCEPTION 'Who asked for money, granted it or named the account does not pay it.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_payment_four_eyes';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION compensation_has_part_in(user_id bigint, wanted_order bigint)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM compensation_paymentorder p JOIN compensation_offer o ON o.id = p.offer_id
            WHERE p.id = wanted_order AND (
                user_id IN (o.proposer_id, p.entered_by_id)
                OR EXISTS (SELECT FROM compensation_approval a
                               WHERE a.offer_id = o.id AND a.approver_id = user_id)))
$$;
CREATE TRIGGER compensation_payment_line_frozen BEFORE UPDATE ON compensation_paymentline
    FOR EACH ROW EXECUTE FUNCTION compensation_payment_line_frozen();

-- A line begins by waiting, for the sum and in the currency that were granted, by somebody without a part in it.
CREATE FUNCTION compensation_payment_line_begins() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    offer compensation_offer%ROWTYPE;
    batch compensation_paymentbatch%ROWTYPE;
BEGIN
    SELECT o.* INTO STRICT offer FROM compensation_offer o
        JOIN compensation_paymentorder p ON p.offer_id = o.id WHERE p.id = NEW.order_id FOR UPDATE OF o;
    SELECT * INTO STRICT batch FROM compensation_paymentbatch WHERE id = NEW.batch_id;
    IF NEW.state <> 'waiting' OR offer.granted_amount IS DISTINCT FROM NEW.amount
       OR offer.currency <> batch.currency OR offer.branch_id <> batch.branch_id
       OR EXISTS (SELECT FROM compensation_fulfilment f WHERE f.offer_id = offer.id)
    THEN
        RAISE EXCEPTION 'A payment is for what was granted and has not been fulfilled.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_payment_is_owed';
    END IF;
    IF compensation_has_part_in(batch.frozen_by_id, NEW.order_id) THEN
        RAISE EXCEPTION 'Who asked for money, granted it or named the account does not pay it.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_payment_four_eyes';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER compensation_payment_line_begins BEFORE INSERT ON compensation_paymentline
    FOR EACH ROW EXECUTE FUNCTION compensation_payment_line_begins();

-- A batch is whole when its transaction ends: its totals are those of its lines.
CREATE FUNCTION compensation_payment_batch_adds_up() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM compensation_paymentbatch b
            WHERE b.id = NEW.batch_id
              AND (b.count, b.total) = (SELECT count(*), sum(l.amount) FROM compensation_paymentline l
                                            WHERE l.batch_id = b.id))
    THEN
        RAISE EXCEPTION 'The totals of a batch are those of its payments.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_batch_adds_up';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER compensation_payment_batch_adds_up AFTER INSERT ON compensation_paymentline
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION compensation_payment_batch_adds_up();

-- While a payment is under way its offer goes nowhere: neither taken back nor fulfilled by another way.
CREATE FUNCTION compensation_offer_is_being_paid() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    paid_offer bigint;
BEGIN
    paid_offer := CASE TG_TABLE_NAME WHEN 'compensation_offer' THEN (to_jsonb(NEW) ->> 'id')::bigint
                                     ELSE (to_jsonb(NEW) ->> 'offer_id')::bigint END;
    IF EXISTS (
        SELECT FROM compensation_paymentline l JOIN compensation_paymentorder p ON p.id = l.order_id
            WHERE p.offer_id = paid_offer AND l.state = 'waiting')
    THEN
        RAISE EXCEPTION 'A payment of this offer is under way.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_offer_is_being_paid';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER compensation_offer_is_being_paid BEFORE UPDATE OF state, granted_amount ON compensation_offer
    FOR EACH ROW WHEN ((NEW.state, NEW.granted_amount) IS DISTINCT FROM (OLD.state, OLD.granted_amount))
    EXECUTE FUNCTION compensation_offer_is_being_paid();
CREATE TRIGGER compensation_fulfilment_is_being_paid BEFORE INSERT ON compensation_fulfilment
    FOR EACH ROW EXECUTE FUNCTION compensation_offer_is_being_paid();
"""
BACKWARD = """
DROP TRIGGER compensation_fulfilment_is_being_paid ON compensation_fulfilment;
DROP TRIGGER compensation_offer_is_being_paid ON compensation_offer;
DROP FUNCTION compensation_offer_is_being_paid();
DROP TRIGGER compensation_payment_batch_adds_up ON compensation_paymentline;
DROP FUNCTION compensation_payment_batch_adds_up();
DROP TRIGGER compensation_payment_line_begins ON compensation_paymentline;
DROP FUNCTION compensation_payment_line_begins();
DROP TRIGGER compensation_payment_line_frozen ON compensation_paymentline;
DROP FUNCTION compensation_payment_line_frozen();
DROP FUNCTION compensation_has_part_in(bigint, bigint);
DROP TRIGGER compensation_payment_line_kept ON compensation_paymentline;
DROP TRIGGER compensation_payment_file_frozen ON compensation_paymentfile;
DROP TRIGGER compensation_payment_batch_frozen ON compensation_paymentbatch;
"""


class Migration(migrations.Migration):
    dependencies = (("compensation", "0007_payments"), ("audit", "0002_append_only"))
    operations = (migrations.RunSQL(FORWARD, BACKWARD),)
