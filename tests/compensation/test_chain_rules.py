"""Which route an offer takes."""

from __future__ import annotations

from decimal import Decimal

from compensation.chain_rules import Route, route_for


def route(key: int, *roles: str, kind: str = "", beyond: bool = False, from_amount: int = 0) -> Route:
    steps = tuple(enumerate(roles, start=1))
    return Route(key, f"Route {key}", kind, "", Decimal(from_amount), beyond, steps)


LARGE = route(1, "supervisor", "manager", "admin", from_amount=500)
BEYOND = route(2, "supervisor", "manager", beyond=True)


def key_of(*routes: Route, total: int, leaves: bool) -> int | None:
    found = route_for(routes, total=Decimal(total), leaves=leaves)
    return found.key if found else None


def test_a_route_for_what_leaves_the_policy_is_for_nothing_else() -> None:
    assert key_of(LARGE, BEYOND, total=100, leaves=True) == BEYOND.key
    assert key_of(LARGE, BEYOND, total=100, leaves=False) is None


def test_nobody_is_asked_less_for_leaving_the_policy() -> None:
    assert key_of(LARGE, BEYOND, total=600, leaves=False) == LARGE.key
    assert key_of(LARGE, BEYOND, total=600, leaves=True) == LARGE.key


def test_a_route_for_the_kind_comes_before_one_for_all() -> None:
    gifts = route(3, "manager", kind="gift")
    assert key_of(LARGE, gifts, total=600, leaves=False) == gifts.key
