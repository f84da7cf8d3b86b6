"""Lending one's authority to decide for some days, and taking it back."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.models import Delegation, User
from accounts.signals import delegation_changed
from accounts.states import Capability
from common.days import latest_day
from common.errors import Conflict, Invalid, NotAllowed

LONGEST_DAYS = 366
LONGEST_REASON = 200


def delegate_authority(
    *, actor: User, delegator_id: int, delegate_id: int, starts_on: dt.date, ends_on: dt.date, reason: str
) -> Delegation:
    """Let somebody decide in somebody's place from a day to a day, both included.

    One lends one's own authority; who changes settings, anybody's. Both have to be people who decide on
    compensation. Raises `Invalid` at the field that is wrong, `NotAllowed`.
    """
    reason = reason.replace("\x00", "").strip()
    if not reason or len(reason) > LONGEST_REASON:
        raise Invalid(_("Say why, in up to 200 characters."), field="reason")
    _check_days(starts_on, ends_on)
    with transaction.atomic():
        people = {each.pk: each for each in User.objects.filter(pk__in=(delegator_id, delegate_id))}
        delegator, delegate = people.get(delegator_id), people.get(delegate_id)
        if delegator is None or not delegator.may(Capability.DECIDE_OFFER):
            raise Invalid(_("Choose somebody who decides on compensation."), field="delegator")
        _check_steers(actor, delegator)
        if delegate is None or not delegate.may(Capability.DECIDE_OFFER) or delegate == delegator:
            raise Invalid(_("Choose somebody else who decides on compensation."), field="delegate")
        delegation = Delegation.objects.create(
            delegator=delegator,
            delegate=delegate,
            starts_on=starts_on,
            ends_on=ends_on,
            reason=reason,
            created_by=actor,
        )
        data = {
            "delegation": delegation.pk,
            "delegator": delegator.pk,
            "delegate": delegate.pk,
            "starts_on": starts_on.isoformat(),
            "ends_on": ends_on.isoformat(),
        }
        delegation_changed.send(Delegation, verb="delegation.set", actor=actor, data=data)
    return delegation


def revoke_delegation(*, actor: User, delegation_id: int) -> Delegation:
    """End a delegation at once; what was decided by it stands. Raises `Conflict` when it is over already."""
    with transaction.atomic():
        delegation = (
            Delegation.objects.select_for_update(of=("self",))
            .select_related("delegator", "delegate")
            .get(pk=delegation_id)
        )
        _check_steers(actor, delegation.delegator)
        if delegation.revoked_at is not None:
            raise Conflict(_("This has been revoked already."))
        delegation.revoked_at = timezone.now()
        delegation.save(update_fields=("revoked_at",))
        data = {"delegation": delegation.pk}
        delegation_changed.send(Delegation, verb="delegation.revoked", actor=actor, data=data)
    return delegation


def _check_steers(actor: User, delegator: User) -> None:
    if actor.pk == delegator.pk:
        require(actor, Capability.DECIDE_OFFER)
    elif not actor.may(Capability.CHANGE_SETTINGS):
        raise NotAllowed(_("Only an administrator lends the authority of others."))


def _check_days(starts_on: dt.date, ends_on: dt.date) -> None:
    if ends_on < starts_on:
        raise Invalid(_("It ends before it begins."), field="ends_on")
    if ends_on < latest_day() - dt.timedelta(days=1):
        raise Invalid(_("These days are over."), field="ends_on")
    if (ends_on - starts_on).days >= LONGEST_DAYS:
        raise Invalid(_("A delegation lasts a year at most."), field="ends_on")
