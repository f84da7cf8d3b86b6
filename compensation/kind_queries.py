"""Lookups about the kinds of compensation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from django.db.models import QuerySet

from common.prepared import prepared
from compensation.models import KindSetting, Stock
from compensation.states import OfferKind

Choices: TypeAlias = list[tuple[str, str]]

_PLACES = {kind: place for place, kind in enumerate(OfferKind.values)}


def all_kinds() -> list[KindSetting]:
    """Every kind: the product's in their order, then the organisation's own by name; one query."""
    return sorted(_all(), key=lambda kind: (_PLACES.get(kind.kind, len(_PLACES)), kind.label))


@prepared
def _all() -> QuerySet[KindSetting]:
    return KindSetting.objects.all()


def stocks() -> list[Stock]:
    """What every branch in use has at hand of the kinds whose stock is counted, by kind and branch."""
    counted = KindSetting.objects.filter(counts_stock=True).values("kind")
    rows = Stock.objects.filter(kind__in=counted, branch__is_active=True).select_related("branch")
    return list(rows.order_by("kind", "branch__code"))


def kind_choices(kinds: Iterable[KindSetting] | None = None, *, also: str = "") -> Choices:
    """The kinds in use as choices of a form, and `also` one that may be out of use but is chosen already."""
    rows = all_kinds() if kinds is None else kinds
    return [(kind.kind, kind.label) for kind in rows if kind.is_active or kind.kind == also]


def kind_setting(kind: str) -> KindSetting:
    """How offers of this kind are handled; the defaults where nothing is set."""
    return _one.first(kind=kind) or KindSetting(kind=kind)


@prepared
def _one(*, kind: str) -> QuerySet[KindSetting]:
    return KindSetting.objects.filter(pk=kind)
