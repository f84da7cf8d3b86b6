"""Setting up routes of approval, changing and ending them; offers on their way keep their steps."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.actions.authorities import today
from accounts.models import Branch, User
from accounts.queries import roles_with
from accounts.states import Capability
from audit.actions import record
from common.errors import Conflict, Invalid
from common.money import CURRENCIES, check_amount
from compensation.actions.guards import clean_text
from compensation.kind_queries import all_kinds
from compensation.models import ApprovalRoute, Offer, RouteStep
from compensation.states import Basis

DAY = dt.timedelta(days=1)
MOST_LEVELS = 3
MOST_BESIDE = 2


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
    branch_id: int | None = None


def add_route(*, actor: User, new: NewRoute) -> ApprovalRoute:
    """Let offers take this route from a date on. Raises `NotAllowed`, and `Invalid` at what is wrong."""
    require(actor, Capability.CHANGE_SETTINGS)
    _check(new)
    with transaction.atomic():
        return _write(new, by=actor, until=None)


def change_route(*, actor: User, route_id: int, new: NewRoute) -> ApprovalRoute:
    """Let another route take the place of one from a date on: the old ends the day before.

    The new one ends when the old one would have. Raises as `add_route`, `ApprovalRoute.DoesNotExist`, and
    `Conflict` when the old one has ended, or `Invalid` when it ends before the date.
    """
    require(actor, Capability.CHANGE_SETTINGS)
    _check(new)
    with transaction.atomic():
        route = _take(route_id)
        until = route.valid_to
        if until is not None and until < new.valid_from:
            raise Invalid(
                _("This route ends on %(day)s. Choose a day until then."),
                field="valid_from",
                params={"day": until.isoformat()},
            )
        data = {"name": route.name, "valid_from": new.valid_from.isoformat()}
        record(stream=_stream(route), verb="route.changed", actor=actor, data=data)
        _end(route, new.valid_from - DAY)
        return _write(new, by=actor, until=until)


def end_route(*, actor: User, route_id: int) -> None:
    """Let no further offer take a route; one that no offer took and that is not old is removed.

    Raises `ApprovalRoute.DoesNotExist`, `NotAllowed`, `Conflict` when it has ended already.
    """
    require(actor, Capability.CHANGE_SETTINGS)
    with transaction.atomic():
        route = _take(route_id)
        record(stream=_stream(route), verb="route.ended", actor=actor, data={"name": route.name})
        _end(route, today() - DAY)


def _take(route_id: int) -> ApprovalRoute:
    """Lock a route that has not ended."""
    route = ApprovalRoute.objects.select_for_update().get(pk=route_id)
    if route.valid_to is not None and route.valid_to < today():
        raise Conflict(_("This has ended already."))
    return route


def _end(route: ApprovalRoute, last: dt.date) -> None:
    """Let a route hold until a day; what never held, and no offer took, is removed."""
    if route.valid_from > last and not Offer.objects.filter(route=route).exists():
        route.delete()
        return
    route.valid_to = max(route.valid_from - DAY, last)
    route.save(update_fields=("valid_to",))


def _write(new: NewRoute, *, by: User, until: dt.date | None) -> ApprovalRoute:
    name = clean_text(new.name, field="name", longest=80, missing=_("Give it a name."))
    route = ApprovalRoute.objects.create(
        name=name,
        currency=new.currency,
        branch_id=new.branch_id,
        kind=new.kind,
        basis=new.basis,
        from_amount=new.from_amount,
        only_beyond_policy=new.only_beyond_policy,
        valid_from=new.valid_from,
        valid_to=until,
        created_by=by,
    )
    RouteStep.objects.bulk_create(
        RouteStep(route=route, level=number, role=role)
        for number, roles in enumerate(new.levels, start=1)
        for role in roles
    )
    data = {
        "name": name,
        "currency": new.currency,
        "branch": route.branch.code if route.branch else "",
        "kind": new.kind,
        "basis": new.basis,
        "amount": str(new.from_amount),
        "roles": [" + ".join((f"{at}. {roles[0]}", *roles[1:])) for at, roles in enumerate(new.levels, 1)],
        "valid_from": new.valid_from.isoformat(),
    }
    kept = {key: value for key, value in data.items() if value}
    record(stream=_stream(route), verb="route.added", actor=by, data=kept, begins=True)
    return route


def _stream(route: ApprovalRoute) -> str:
    return f"route:{route.pk}"


def _check(new: NewRoute) -> None:
    if new.currency not in CURRENCIES:
        raise Invalid(_("Choose a currency from the list."), field="currency")
    if new.kind and new.kind not in {kind.kind for kind in all_kinds()}:
        raise Invalid(_("Choose one of the list."), field="kind")
    if new.branch_id is not None and not Branch.objects.filter(pk=new.branch_id, is_active=True).exists():
        raise Invalid(_("Choose one of the list."), field="branch_id")
    if new.basis and new.basis not in Basis.values:
        raise Invalid(_("Choose one of the list."), field="basis")
    if new.valid_from < today():
        raise Invalid(_("What held on days that are over stays: choose today or later."), field="valid_from")
    if new.from_amount.is_finite() and new.from_amount < 0:
        raise Invalid(_("An amount can’t be below zero."), field="from_amount")
    if new.from_amount:
        check_amount(new.from_amount, new.currency, field="from_amount")
    if not new.levels or not all(new.levels):
        raise Invalid(_("Say who is asked first, and leave no level out."), field="level_1")
    deciding = set(roles_with(Capability.DECIDE_OFFER))
    too_many = len(new.levels) > MOST_LEVELS or any(len(roles) > MOST_BESIDE for roles in new.levels)
    if too_many or not all(deciding.issuperset(roles) for roles in new.levels):
        raise Invalid(_("Choose roles that decide on compensation."), field="level_1")
