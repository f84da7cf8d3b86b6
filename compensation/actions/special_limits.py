"""Authority that holds for one person, kind or basis of compensation instead of what the role may grant."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.actions.authorities import granting_roles, publish, today
from accounts.models import Authority, User
from accounts.states import Capability, Role
from common.errors import Conflict, Invalid
from common.money import CURRENCIES, check_amount
from compensation.kind_queries import all_kinds
from compensation.states import Basis


@dataclass(frozen=True, slots=True)
class NewLimit:
    """What is to hold, for a role, or for one person while they have the role they have now."""

    currency: str
    per_case: Decimal
    per_day: Decimal
    valid_from: dt.date
    role: str = ""
    user_id: int | None = None
    kind: str = ""
    basis: str = ""


def set_special_limit(*, actor: User, new: NewLimit) -> Authority:
    """Let this limit hold from a date on, before every less specific one; nought means having to ask.

    Raises `NotAllowed`, and `Invalid` at the field that is wrong.
    """
    require(actor, Capability.CHANGE_SETTINGS)
    with transaction.atomic():
        person = _person(new)
        role = Role(person.role if person else _checked_role(new.role))
        _check(new, person)
        limit, _made = Authority.objects.update_or_create(
            role=role,
            user=person,
            currency=new.currency,
            kind=new.kind,
            basis=new.basis,
            valid_from=new.valid_from,
            defaults={"per_case": new.per_case, "per_day": new.per_day, "ends": False},
        )
        _record("authority.special_set", actor, limit)
    return limit


def end_special_limit(*, actor: User, limit_id: int) -> None:
    """Let a special limit count no more from today on; one that is planned for later is given up.

    Raises `Authority.DoesNotExist`, `NotAllowed`, `Conflict` when it has ended already.
    """
    require(actor, Capability.CHANGE_SETTINGS)
    with transaction.atomic():
        limit = Authority.objects.special().select_for_update().get(pk=limit_id)
        if limit.ends:
            raise Conflict(_("This has ended already."))
        if limit.valid_from >= today():
            limit.delete()
        else:
            _end_today(limit)
        _record("authority.special_ended", actor, limit)


def _end_today(limit: Authority) -> None:
    Authority.objects.update_or_create(
        role=limit.role,
        user=limit.user,
        currency=limit.currency,
        kind=limit.kind,
        basis=limit.basis,
        valid_from=today(),
        defaults={"per_case": 0, "per_day": 0, "ends": True},
    )


def _person(new: NewLimit) -> User | None:
    if new.user_id is None:
        return None
    person = User.objects.filter(pk=new.user_id, is_active=True).first()
    if person is None or not person.may(Capability.PROPOSE_OFFER):
        raise Invalid(_("Choose somebody who proposes compensation."), field="user_id")
    return person


def _checked_role(role: str) -> str:
    if role not in granting_roles():
        raise Invalid(_("Choose a role, or a person."), field="role")
    return role


def _check(new: NewLimit, person: User | None) -> None:
    if new.currency not in CURRENCIES:
        raise Invalid(_("Choose a currency from the list."), field="currency")
    if new.kind and new.kind not in {kind.kind for kind in all_kinds()}:
        raise Invalid(_("Choose one of the list."), field="kind")
    if new.basis and new.basis not in Basis.values:
        raise Invalid(_("Choose one of the list."), field="basis")
    if person is None and not new.kind and not new.basis:
        raise Invalid(_("Say for whom or for what it is; what a role may grant in general is set above."))
    if new.valid_from < today():
        raise Invalid(_("What held on days that are over stays: choose today or later."), field="valid_from")
    for field, amount in (("per_case", new.per_case), ("per_day", new.per_day)):
        if amount.is_finite() and amount < 0:
            raise Invalid(_("An amount can’t be below zero."), field=field)
        if amount:
            check_amount(amount, new.currency, field=field)
    if new.per_day < new.per_case:
        raise Invalid(_("A day can’t hold less than a single case."), field="per_day")


def _record(verb: str, actor: User, limit: Authority) -> None:
    data = {
        "role": limit.role,
        "person": limit.user_id,
        "kind": limit.kind,
        "basis": limit.basis,
        "per_case": str(limit.per_case),
        "per_day": str(limit.per_day),
    }
    kept = {name: value for name, value in data.items() if value not in ("", None)}
    publish(verb, actor, limit.currency, limit.valid_from, kept)
