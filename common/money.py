"""Money: amounts are `Decimal` in major units beside an ISO 4217 currency code, never floats."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, overload

from babel.core import Locale
from babel.numbers import format_currency, get_currency_precision
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from common.errors import Invalid

CURRENCIES = ("EUR", "CNY", "USD", "GBP", "AUD", "HKD", "JPY", "SGD")
LARGEST = Decimal("9999999999.99")
# How kept messages hold an amount: without a language, so that any reader's can be given to it.
AMOUNT_IN_WORDS = re.compile(rf"({'|'.join(CURRENCIES)}) (\d[\d,]*(?:\.\d+)?)")


class CurrencyField(models.CharField):  # type: ignore[type-arg]  # not subscriptable at run time
    """An ISO 4217 code."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 3)
        super().__init__(**kwargs)


class AmountField(models.DecimalField):  # type: ignore[type-arg]  # likewise
    """An amount in major units; four decimals hold every ISO 4217 currency exactly."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_digits", 14)
        kwargs.setdefault("decimal_places", 4)
        super().__init__(**kwargs)


def check_amount(amount: Decimal, currency: str, *, field: str = "amount") -> Decimal:
    """Return the amount with the currency's own number of decimals.

    Raises `Invalid` when it is not finite, not above zero, too large, or finer than the currency allows.
    """
    if not amount.is_finite() or amount <= 0:
        raise Invalid(_("The amount must be above zero."), field=field)
    if amount > LARGEST:
        raise Invalid(_("The amount is too large."), field=field)
    exact = in_currency(amount, currency)
    if exact != amount:
        raise Invalid(
            _("%(currency)s has no more than %(digits)s decimals."),
            field=field,
            params={"currency": currency, "digits": get_currency_precision(currency)},
        )
    return exact


@overload
def in_currency(amount: Decimal, currency: str) -> Decimal: ...
@overload
def in_currency(amount: None, currency: str) -> None: ...
def in_currency(amount: Decimal | None, currency: str) -> Decimal | None:
    """The amount with as many decimals as its currency has: EUR 120.0000 are 120.00, JPY 120.0000 are 120."""
    return None if amount is None else amount.quantize(Decimal(1).scaleb(-get_currency_precision(currency)))


@lru_cache(maxsize=8)
def babel_locale(language: str) -> Locale:
    """The Babel locale of a Django language code ("zh-hans" → zh_Hans)."""
    return Locale.parse(language.replace("-", "_"), sep="_")


def format_money(amount: Decimal, currency: str, *, language: str | None = None, whole: bool = False) -> str:
    """The amount as people of that language write it; `whole` drops the decimals (for large sums)."""
    return _written(amount, currency, language or get_language() or "en", whole)


@lru_cache(maxsize=4096)
def _written(amount: Decimal, currency: str, language: str, whole: bool) -> str:
    # The same amounts stand on a page, and on many pages, again and again.
    return format_currency(
        amount,
        currency,
        locale=babel_locale(language),
        format="¤#,##0" if whole else None,
        currency_digits=not whole,
    )


def worded(params: Mapping[str, object]) -> dict[str, object]:
    """Parameters of a kept message, with each amount such as "CNY 1,450.00" as the reader writes it."""
    return {name: _worded(value) for name, value in params.items()}


def _worded(value: object) -> object:
    if not isinstance(value, str) or (found := AMOUNT_IN_WORDS.fullmatch(value)) is None:
        return value
    return format_money(Decimal(found[2].replace(",", "")), found[1])
