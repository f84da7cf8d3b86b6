"""Who approved a step, lent their authority for it, or decided on a remedy does not pay what came of it."""

from django.db import migrations


def has_part(more: str) -> str:
    """Whether somebody had a part in what an order pays, with those who are counted beside the approver."""
    return f"""
CREATE OR REPLACE FUNCTION compensation_has_part_in(user_id bigint, wanted_order bigint)
RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (
        SELECT FROM compensation_paymentorder p JOIN compensation_offer o ON o.id = p.offer_id
            WHERE p.id = wanted_order AND (
                user_id IN (o.proposer_id, p.entered_by_id)
                OR EXISTS (SELECT FROM compensation_approval a
                               WHERE a.offer_id = o.id AND a.approver_id = user_id){more}))
$$;
"""  # noqa: S608  # expressions of this file


MORE = """
                OR EXISTS (SELECT FROM compensation_approvalstep s
                               WHERE s.offer_id = o.id AND user_id IN (s.decided_by_id, s.on_behalf_of_id))
                OR EXISTS (SELECT FROM compensation_remedyapproval r
                               WHERE r.remedy_id = o.remedy_id AND r.approver_id = user_id)"""


class Migration(migrations.Migration):
    dependencies = (("compensation", "0029_delegations_are_guarded"),)
    operations = (migrations.RunSQL(has_part(MORE), has_part("")),)
