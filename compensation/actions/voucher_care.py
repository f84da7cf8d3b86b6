"""What happens to vouchers between issue and redemption: links, reminders, keys and rules."""

from __future__ import annotations

import logging
from dataclasses import asdict, dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.models import User
from accounts.states import Capability
from audit.actions import record
from cases.actions.locking import lock_case
from common.errors import Conflict, Invalid, Values, refuse_overtaken
from common.queue import claim
from compensation.actions.vouchers import send_link
from compensation.models import Voucher, VoucherLink, VoucherRule
from compensation.models.voucher import LONGEST_VALIDITY
from compensation.states import VoucherStanding
from compensation.voucher_keys import code_of, keys
from compensation.voucher_queries import due_voucher_reminders
from compensation.voucher_rules import digest_of, link_digest

log = logging.getLogger(__name__)

BATCH = 200


# --- links ---------------------------------------------------------------------------------


def send_voucher_again(*, actor: User | None, voucher_id: int) -> Voucher:
    """Send the customer a new link, to the address that we have; links sent before keep working once.

    An actor of None is the customer, on the page of a link that was opened before. Raises `Conflict` when
    the voucher can't be redeemed any more or there is no address.
    """
    with transaction.atomic():
        found = Voucher.objects.select_related("offer").get(pk=voucher_id)
        if actor is not None:
            require(actor, Capability.REDEEM_VOUCHER, branch_id=found.branch_id)
        case = lock_case(found.offer.case_id)
        voucher = Voucher.objects.select_for_update(no_key=True).get(pk=found.pk)
        if voucher.standing not in (VoucherStanding.VALID, VoucherStanding.PARTLY):
            raise Conflict(_("This voucher can’t be redeemed any more."))
        if not send_link(voucher, case, template="voucher", occasion="again"):
            raise Conflict(_("This customer has no e-mail address. Print the voucher when you issue it."))
        record(stream=case.stream, verb="voucher.sent", actor=actor, data={"voucher": voucher.pk})
    return voucher


def open_link(token: str) -> Voucher | None:
    """Use a link up; the voucher, or None when it was used before.

    The link is taken in one statement, so that of two devices at the same moment one gets it. Raises
    `VoucherLink.DoesNotExist`.
    """
    link = VoucherLink.objects.select_related("voucher__offer__case").get(digest=link_digest(token))
    with transaction.atomic():
        if not VoucherLink.objects.filter(pk=link.pk, opened_at=None).update(opened_at=timezone.now()):
            return None
        data = {"voucher": link.voucher_id}
        record(stream=link.voucher.offer.case.stream, verb="voucher.shown", actor=None, data=data)
    return link.voucher


# --- sweeps --------------------------------------------------------------------------------


def send_voucher_reminders(limit: int = BATCH) -> int:
    """Remind, once, up to `limit` customers of vouchers that expire soon; returns how many were reminded."""
    done = 0
    for key in list(due_voucher_reminders(timezone.now()).values_list("pk", flat=True)[:limit]):
        try:
            done += _remind(key)
        except Exception:
            # The others must not wait for one that can't be sent; it is due again at the next sweep.
            log.exception("The customer could not be reminded of voucher %s", key)
    return done


@transaction.atomic
def _remind(key: int) -> bool:
    now = timezone.now()
    # Voucher and case in one statement that never waits: no order of locks can deadlock with actions.
    joined = (
        due_voucher_reminders(now)
        .filter(pk=key)
        .select_related("offer__case__branch", "offer__case__customer")
        .defer("offer__case__search", "offer__case__customer__search")
    )
    found = claim(joined, limit=1, of=("self", "offer__case"))
    if not found:
        return False
    voucher, case = found[0], found[0].offer.case
    voucher.remind_at, voucher.reminded_at = None, now
    voucher.save(update_fields=("remind_at", "reminded_at"))
    if voucher.standing_at(now) not in (VoucherStanding.VALID, VoucherStanding.PARTLY):
        return False
    if not send_link(voucher, case, template="voucher_reminder", occasion="reminder"):
        return False
    record(stream=case.stream, verb="voucher.reminded", actor=None, data={"voucher": voucher.pk})
    return True


def rekey_vouchers(limit: int = 5 * BATCH) -> int:
    """Keep digests under the current SECRET_KEY, for vouchers whose key is still among the fallbacks.

    Returns how many were done. Their codes stay as they are; see `compensation.voucher_keys`.
    """
    current = keys()[0]
    done = 0
    with transaction.atomic():
        old = Voucher.objects.exclude(key_mark=current.mark).filter(expires_at__gt=timezone.now())
        for voucher in claim(old.order_by("-id"), limit=limit):
            code = code_of(voucher)
            if code is not None:
                voucher.digest, voucher.key_mark = digest_of(code, current.secret), current.mark
                voucher.save(update_fields=("digest", "key_mark"))
                done += 1
    return done


# --- rules ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RuleRecord:
    """What can be set of a kind's rule."""

    validity_days: int
    reminder_days: int
    single_use: bool
    everywhere: bool


def rule_values(rule: VoucherRule) -> Values:
    """A rule as a form shows it."""
    return asdict(RuleRecord(rule.validity_days, rule.reminder_days, rule.single_use, rule.everywhere))


def set_voucher_rule(*, actor: User, kind: str, new: RuleRecord, seen: Values | None = None) -> VoucherRule:
    """Change what holds of vouchers of a kind from now on; those that are out keep what they have.

    Raises `Invalid` for days that can't be, `Overtaken` when somebody else has changed the rule since `seen`.
    """
    require(actor, Capability.CHANGE_SETTINGS)
    if not 1 <= new.validity_days <= LONGEST_VALIDITY:
        raise Invalid(_("From one day to ten years."), field="validity_days")
    if not 0 <= new.reminder_days < new.validity_days:
        raise Invalid(_("A reminder comes before the end of the validity."), field="reminder_days")
    with transaction.atomic():
        rule = VoucherRule.objects.select_for_update().get(kind=kind)
        before = rule_values(rule)
        refuse_overtaken(seen, before)
        after = asdict(new)
        changes = {name: [before[name], after[name]] for name in after if before[name] != after[name]}
        if changes:
            VoucherRule.objects.filter(pk=rule.pk).update(**after)
            rule.refresh_from_db()
            record(stream=f"voucher-rule:{kind}", verb="voucher_rule.changed", actor=actor, data=changes)
    return rule
