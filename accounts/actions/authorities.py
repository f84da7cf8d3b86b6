"""Setting what roles may grant without asking anyone, from a date on; what held before is kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.models import Authority, User
from accounts.queries import roles_with
from accounts.signals import authority_changed
from accounts.states import Capability, Role
from common.days import latest_day
from common.errors import Conflict, Invalid, Values, refuse_overtaken
from common.money import CURRENCIES, check_amount

LIMITS = ("per_case", "per_day")
Limits = tuple[Decimal, Decimal]


def granting_roles() -> list[Role]:
    """The roles that may hold an authority: those that propose compensation."""
    return roles_with(Capability.PROPOSE_OFFER)


def field_of(role: Role, limit: str) -> str:
    """The name under which an error tells which limit ("per_case", "per_day") it is about."""
    return f"{role.value}_{limit}"


def authority_values(held: Mapping[Role, Authority]) -> Values:
    """Limits as a form shows them."""
    return {
        field_of(role, limit): _written(getattr(row, limit)) for role, row in held.items() for limit in LIMITS
    }


def set_authorities(
    *,
    actor: User,
    currency: str,
    valid_from: dt.date,
    wanted: Mapping[Role, Limits],
    seen: Values | None = None,
    is_new: bool = False,
) -> int:
    """Set what every granting role may grant in a currency, per case and per day, from a date on.

    Returns how many roles change. Nought means that the role has to ask. What holds from a later date on
    still does from then. It holds by the day of each branch, also in the check of the database. Raises
    `Invalid` at the field that is wrong ("currency", "valid_from" or that of `field_of`), `NotAllowed`, and
    `Overtaken` when on that day something else holds than was `seen` (see `authority_values`). With `is_new`
    nobody may have limits in that currency yet, else `Conflict`.
    """
    require(actor, Capability.CHANGE_SETTINGS)
    if currency not in CURRENCIES:
        raise Invalid(_("Choose a currency from the list."), field="currency")
    if valid_from < today():
        raise Invalid(_("What held on days that are over stays: choose today or later."), field="valid_from")
    limits = {role: _checked(role, wanted.get(role), currency) for role in granting_roles()}
    with transaction.atomic():
        rows = _locked(currency)
        if is_new and rows:
            raise Conflict(_("Somebody else has set limits in this currency in the meantime."))
        in_force = {Role(row.role): row for row in rows if row.valid_from <= valid_from}
        if seen is not None:
            refuse_overtaken(seen, authority_values(in_force))
        held = {role: (row.per_case, row.per_day) for role, row in in_force.items()}
        changed = {role: pair for role, pair in limits.items() if pair != held.get(role)}
        for role, pair in changed.items():
            _hold(role, currency, pair, valid_from)
        if changed:
            publish("authority.set", actor, currency, valid_from, _differences(held, changed))
    return len(changed)


def withdraw_authorities(*, actor: User, currency: str, valid_from: dt.date) -> None:
    """Give up a change planned for a date to come. Raises `Conflict` when there is none, `NotAllowed`."""
    require(actor, Capability.CHANGE_SETTINGS)
    with transaction.atomic():
        planned = [row for row in _locked(currency) if row.valid_from == valid_from > latest_day()]
        if not planned:
            raise Conflict(_("Nothing is planned for that day, or the day has begun somewhere."))
        Authority.objects.filter(pk__in=[row.pk for row in planned]).delete()
        facts = {
            field_of(Role(row.role), limit): _written(getattr(row, limit))
            for row in planned
            for limit in LIMITS
        }
        publish("authority.withdrawn", actor, currency, valid_from, facts)


def today() -> dt.date:
    """The day from which a change may hold at the earliest."""
    return timezone.now().astimezone(dt.UTC).date()


def _locked(currency: str) -> list[Authority]:
    """The limits of a currency, oldest first, taken together so that changes follow one another."""
    with connection.cursor() as cursor:
        # The first limits of a currency have no rows to lock yet.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"authority:{currency}"])
    rows = Authority.objects.of_roles().select_for_update().filter(currency=currency)
    return list(rows.order_by("valid_from", "pk"))


def _hold(role: Role, currency: str, limits: Limits, valid_from: dt.date) -> None:
    """Let a role's limits hold from a day on, in place of what was set for that day."""
    Authority.objects.update_or_create(
        role=role,
        user=None,
        currency=currency,
        kind="",
        basis="",
        valid_from=valid_from,
        defaults=dict(zip(LIMITS, limits, strict=True)),
    )


def _differences(held: Mapping[Role, Limits], wanted: Mapping[Role, Limits]) -> dict[str, list[str | None]]:
    """Of each limit that becomes another: what it was, and what it will be."""
    return {
        field_of(role, limit): [_written(old), _written(new)]
        for role, pair in wanted.items()
        for limit, old, new in zip(LIMITS, held.get(role, (None, None)), pair, strict=True)
        if old != new
    }


def _checked(role: Role, pair: Limits | None, currency: str) -> Limits:
    if pair is None:
        raise Invalid(_("Enter an amount; 0 where the role has to ask."), field=field_of(role, "per_case"))
    per_case, per_day = (
        _amount(amount, currency, field_of(role, limit)) for amount, limit in zip(pair, LIMITS, strict=True)
    )
    if per_day < per_case:
        raise Invalid(_("A day can’t hold less than a single case."), field=field_of(role, "per_day"))
    return per_case, per_day


def _amount(amount: Decimal, currency: str, field: str) -> Decimal:
    if amount.is_finite() and amount < 0:
        raise Invalid(_("An amount can’t be below zero."), field=field)
    return amount if amount == 0 else check_amount(amount, currency, field=field)


def _written(amount: Decimal | None) -> str | None:
    """An amount as the trail keeps it, without the zeros that the column adds."""
    return None if amount is None else f"{amount:.4f}".rstrip("0").rstrip(".")


def publish(
    verb: str, actor: User, currency: str, valid_from: dt.date, changes: Mapping[str, object]
) -> None:
    data = {"currency": currency, "valid_from": valid_from.isoformat(), **changes}
    authority_changed.send(Authority, currency=currency, verb=verb, actor=actor, data=data)
