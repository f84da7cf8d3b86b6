"""What each kind of audit event is called, in groups as the filter offers them."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

GROUPS: tuple[tuple[Promise | str, dict[str, Promise | str]], ...] = (
    (
        _("Cases"),
        {
            "case.logged": _("Complaint logged"),
            "case.imported": _("Case imported"),
            "case.reclassified": _("Classification changed"),
            "case.owned": _("Owner changed"),
            "case.noted": _("Note written"),
            "case.called": _("Call recorded"),
            "case.replied": _("Reply sent"),
            "case.customer_wrote": _("Message from the customer recorded"),
            "case.waiting": _("Waiting for the customer"),
            "case.wait_ended": _("Waiting ended"),
            "case.resolved": _("Case resolved"),
            "case.reopened": _("Case reopened"),
            "customer.created": _("Customer recorded"),
        },
    ),
    (
        _("Steps and clocks"),
        {
            "step.done": _("Step done"),
            "step.skipped": _("Step skipped"),
            "step.reopened": _("Step taken back"),
            "clock.escalated": _("Deadline warned of"),
            "case.clocks_moved": _("Deadlines moved with the calendar"),
        },
    ),
    (
        _("Compensation"),
        {
            "offer.proposed": _("Compensation offered"),
            "offer.approved": _("Offer approved"),
            "offer.rejected": _("Offer rejected"),
            "offer.withdrawn": _("Offer withdrawn"),
            "offer.drafted": _("Offer drafted"),
            "offer.offered": _("Offer made to the customer"),
            "offer.accepted": _("Offer accepted by the customer"),
            "offer.declined": _("Offer declined by the customer"),
            "offer.countered": _("Customer asked for something else"),
            "offer.expired": _("Offer expired"),
            "offer.fulfilled": _("Compensation has reached the customer"),
            "offer.failed": _("Compensation did not arrive"),
            "offer.clawed_back": _("Compensation clawed back"),
            "offer.reminded": _("Promise reminded of"),
            "offer_kind.set": _("Handling of a kind of offer set"),
            "payment.payee_set": _("Account for a bank transfer entered"),
            "payment.account_set": _("Paying account of a branch set"),
            "payment.frozen": _("Payment batch frozen"),
            "payment.imported": _("Result of a payment batch imported"),
            "payment.confirmed": _("Payment confirmed"),
            "payment.failed": _("Payment failed"),
            "payment.sent_again": _("Payment handed over again"),
            "voucher.issued": _("Voucher issued"),
            "voucher.sent": _("New link to a voucher sent"),
            "voucher.shown": _("Voucher shown to the customer"),
            "voucher.reminded": _("Reminded of a voucher that expires"),
            "voucher.redeemed": _("Voucher redeemed"),
            "voucher.reversed": _("Redemption of a voucher taken back"),
            "voucher.voided": _("Voucher made void"),
        },
    ),
    (
        _("Surveys and follow-ups"),
        {
            "survey.scheduled": _("Survey scheduled"),
            "survey.skipped": _("Survey left out"),
            "survey.sent": _("Survey sent"),
            "survey.reminded": _("Survey reminder sent"),
            "survey.answered": _("Survey answered"),
            "survey.changed": _("Answers changed"),
            "follow_up.opened": _("Follow-up opened"),
            "follow_up.escalated": _("Follow-up reminded of"),
            "follow_up.done": _("Follow-up done"),
        },
    ),
    (
        _("Settings"),
        {
            "staff.created": _("Account made"),
            "staff.changed": _("Account changed"),
            "token.created": _("Key for programs made"),
            "token.revoked": _("Key for programs revoked"),
            "branch.created": _("Branch opened"),
            "branch.changed": _("Branch changed"),
            "branch.calendar_set": _("Calendar of a branch set"),
            "calendar.created": _("Calendar made"),
            "calendar.changed": _("Calendar changed"),
            "calendar.days_added": _("Special days added"),
            "calendar.days_changed": _("Special days changed"),
            "calendar.days_removed": _("Special days removed"),
            "targets.set": _("Targets set"),
            "targets.withdrawn": _("Planned targets given up"),
            "authority.set": _("Authority set"),
            "authority.withdrawn": _("Planned authority given up"),
            "budget.set": _("Budget set"),
            "budget.closed": _("Budget closed"),
            "budget.carried_over": _("Budget carried over"),
            "voucher_rule.changed": _("Rule of vouchers changed"),
            "defect.created": _("Kind of failure added"),
            "defect.changed": _("Kind of failure changed"),
            "cause.created": _("Cause added"),
            "cause.changed": _("Cause changed"),
            "playbook.changed": _("Guidance changed"),
            "script.created": _("Script written"),
            "script.changed": _("Script changed"),
            "message.retried": _("Message sent again"),
        },
    ),
)

VERBS: dict[str, Promise | str] = {verb: name for _group, verbs in GROUPS for verb, name in verbs.items()}

# Events whose values are pairs of what was and what is.
PAIRED = frozenset(
    {
        "case.reclassified", "staff.changed", "branch.changed", "branch.calendar_set", "calendar.changed",
        "calendar.days_changed", "targets.set", "authority.set", "defect.changed", "cause.changed",
        "playbook.changed", "script.changed", "voucher_rule.changed",
    }
)  # fmt: skip
