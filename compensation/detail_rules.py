"""What is told of a fulfilment beside its reference: checked, and kept as text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Protocol

from django.utils.translation import gettext_lazy as _

from common.errors import Invalid
from common.money import check_amount
from compensation.kind_states import DETAILS, MONEY_DETAILS, Detail
from compensation.states import Need

LONGEST = 120
MOST = 10_000


class Wanted(Protocol):
    """What a kind wants to be told."""

    @property
    def need(self) -> str: ...

    @property
    def required(self) -> Sequence[str]: ...


def clean_details(given: Mapping[str, object], wanted: Wanted, currency: str) -> dict[str, str]:
    """What was told of what the kind's need asks, each as text, without what was left empty.

    Raises `Invalid` with the detail as its field: for what has to be told and is not, and for what can't be.
    What the need does not ask is left out, for a kind's need can change while a form is open.
    """
    kept: dict[str, str] = {}
    for detail in DETAILS[Need(wanted.need)]:
        value = given.get(detail)
        if value is None or not str(value).strip():
            if detail in wanted.required:
                raise Invalid(_("This has to be told for this kind."), field=detail.value)
            continue
        kept[detail.value] = _as_text(detail, value, currency)
    return kept


def _as_text(detail: Detail, value: object, currency: str) -> str:
    text = str(value).replace("\x00", "").strip()
    try:
        if detail in MONEY_DETAILS:
            return f"{check_amount(Decimal(text), currency, field=detail.value):f}"
        if detail is Detail.QUANTITY:
            return str(_count(text))
        if detail is Detail.BOOKED_FOR:
            return dt.date.fromisoformat(text).isoformat()
    except (InvalidOperation, ValueError):
        raise Invalid(_("This can’t be read. Enter it anew."), field=detail.value) from None
    if len(text) > LONGEST:
        raise Invalid(
            _("Please keep this to %(longest)s characters; it has %(length)s."),
            field=detail.value,
            params={"longest": LONGEST, "length": len(text)},
        )
    return text


def _count(text: str) -> int:
    count = int(text)
    if not 1 <= count <= MOST:
        raise Invalid(
            _("Enter a number from 1 to %(most)s."), field=Detail.QUANTITY.value, params={"most": MOST}
        )
    return count
