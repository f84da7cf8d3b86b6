"""Setting up routes of approval, and ending them; offers on their way keep the steps that they have."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.actions.authorities import today
from accounts.models import User
from accounts.queries import roles_with
from accounts.states import Capability
from audit.actions import record
from common.errors import Conflict, Invalid
from common.money import CURRENCIES, check_amount
from compensation.actions.guards import clean_text
from compensation.kind_queries import all_kinds
from compensation.models import ApprovalRoute, Offer, RouteStep
from compensation.states import Basis

MOST_STEPS = 6


@dataclass(frozen=True, slots=True)
class NewRoute:
    """What a route is for, and whom it asks: the roles of each level, which are asked together."""

    name: str
    currency: str
    levels: tuple[tuple[str, ...], ...]
    valid_from: dt.date
    kind: str = ""
    basis: str = ""
    from_amount: Decimal = Decimal(0)
    only_beyond_policy: bool = False


def add_route(*, actor: User, new: NewRoute) -> ApprovalRoute:
    """Let offers take this route from a date on. Raises `NotAllowed`, and `Invalid` at what is wrong."""
    require(actor, Capability.CHANGE_SETTINGS)
    name = clean_text(new.name, field="name", longest=80, missing=_("Give it a name."))
    _check(new)
    with transaction.atomic():
        route = ApprovalRoute.objects.create(
            name=name,
            currency=new.currency,
            kind=new.kind,
            basis=new.basis,
            from_amount=new.from_amount,
            only_beyond_policy=new.only_beyond_policy,
            valid_from=new.valid_from,
            created_by=actor,
        )
        RouteStep.objects.bulk_create(
            RouteStep(route=route, level=number, role=role)
            for number, roles in enumerate(new.levels, start=1)
            for role in roles
        )
        data = {
            "name": name,
            "currency": new.currency,
            "kind": new.kind,
            "basis": new.basis,
            "amount": str(new.from_amount),
            "roles": [
                " + ".join((f"{level}. {roles[0]}", *roles[1:])) for level, roles in enumerate(new.levels, 1)
            ],
            "valid_from": new.valid_from.isoformat(),
        }
        kept = {key: value for key, value in data.items() if value}
        record(stream=_stream(route), verb="route.added", actor=actor, data=kept, begins=True)
    return route


def end_route(*, actor: User, route_id: int) -> None:
    """Let no further offer take a route; one that no offer took and that is not old is removed.

    Raises `ApprovalRoute.DoesNotExist`, `NotAllowed`, `Conflict` when it has ended already.
    """
    require(actor, Capability.CHANGE_SETTINGS)
    with transaction.atomic():
        route = ApprovalRoute.objects.select_for_update().get(pk=route_id)
        yesterday = today() - dt.timedelta(days=1)
        if route.valid_to is not None and route.valid_to <= yesterday:
            raise Conflict(_("This has ended already."))
        record(stream=_stream(route), verb="route.ended", actor=actor, data={"name": route.name})
        if route.valid_from >= today() and not Offer.objects.filter(route=route).exists():
            route.delete()
            return
        route.valid_to = max(route.valid_from, yesterday)
        route.save(update_fields=("valid_to",))


def _stream(route: ApprovalRoute) -> str:
    return f"route:{route.pk}"


def _check(new: NewRoute) -> None:
    if new.currency not in CURRENCIES:
        raise Invalid(_("Choose a currency from the list."), field="currency")
    if new.kind and new.kind not in {kind.kind for kind in all_kinds()}:
        raise Invalid(_("Choose one of the list."), field="kind")
    if new.basis and new.basis not in Basis.values:
        raise Invalid(_("Choose one of the list."), field="basis")
    if new.valid_from < today():
        raise Invalid(_("What held on days that are over stays: choose today or later."), field="valid_from")
    if new.from_amount.is_finite() and new.from_amount < 0:
        raise Invalid(_("An amount can’t be below zero."), field="from_amount")
    if new.from_amount:
        check_amount(new.from_amount, new.currency, field="from_amount")
    steps = [role for roles in new.levels for role in roles]
    if not steps or not all(new.levels):
        raise Invalid(_("Say who is asked first, and leave no level out."), field="level_1")
    deciding = set(roles_with(Capability.DECIDE_OFFER))
    if len(steps) > MOST_STEPS or not deciding.issuperset(steps):
        raise Invalid(_("Choose roles that decide on compensation."), field="level_1")
