"""A budget that holds money of a remedy stays where it is: else what stands above would not know of it."""

from django.db import migrations


def check_budget(paid_for: str) -> str:
    """The check of where a budget stands, with the movements that keep it there."""
    return f"""
CREATE OR REPLACE FUNCTION compensation_check_budget() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    above compensation_budget%ROWTYPE;
    levels integer := 1;
    next_id bigint := NEW.parent_id;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.branch_id, NEW.kind, NEW.currency) IS DISTINCT FROM (OLD.branch_id, OLD.kind, OLD.currency) THEN
            RAISE EXCEPTION 'A budget keeps its branch, kind and currency.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_budget_stays';
        END IF;
        IF NEW.parent_id IS DISTINCT FROM OLD.parent_id AND EXISTS (
            SELECT FROM compensation_budgetmovement m WHERE m.budget_id = NEW.id AND {paid_for}
        ) THEN
            RAISE EXCEPTION 'A budget that has paid for offers stays where it is.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_budget_stays';
        END IF;
    END IF;
    WHILE next_id IS NOT NULL LOOP
        SELECT * INTO STRICT above FROM compensation_budget WHERE id = next_id;
        levels := levels + 1;
        IF levels > 4 OR above.id = NEW.id OR above.currency <> NEW.currency THEN
            RAISE EXCEPTION 'No more than four levels, in one currency and without a circle.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_budget_levels';
        END IF;
        next_id := above.parent_id;
    END LOOP;
    RETURN NEW;
END $$;
"""  # noqa: S608  # expressions of this file


OFFERS = "m.offer_id IS NOT NULL"


class Migration(migrations.Migration):
    dependencies = (("compensation", "0030_who_took_part_pays_nothing"),)
    operations = (
        migrations.RunSQL(check_budget(f"({OFFERS} OR m.remedy_id IS NOT NULL)"), check_budget(OFFERS)),
    )
