"""How days and numbers of the dashboard read in the reader's language."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import cache, lru_cache

from babel.core import Locale
from babel.dates import format_interval, format_skeleton
from babel.numbers import format_decimal

from common.display import date_locale

_COUNT = "#,##0.###"


def format_day(day: dt.date) -> str:
    """A day without its year."""
    return _day(day, "MMMd", date_locale())


def format_days(first: dt.date, last: dt.date, *, year: bool = False) -> str:
    """A span of days as the reader's language writes it, with the year if asked for or if it changes."""
    return _days(first, last, date_locale(), year=year)


def _days(first: dt.date, last: dt.date, locale: Locale, *, year: bool) -> str:
    skeleton = "yMMMd" if year or first.year != last.year else "MMMd"
    if first == last:
        return _day(first, skeleton, locale)
    return _span(first, last, skeleton, locale)


def format_count(n: float) -> str:
    """A number with the separators of the reader's language."""
    return format_number(n, _COUNT)


def count_writer() -> Callable[[float], str]:
    """`format_count` for many numbers: the reader's language is asked for once."""
    return _count_writer(date_locale())


def span_writer() -> Callable[[dt.date, dt.date], str]:
    """`format_days` for many spans, likewise."""
    locale = date_locale()
    return lambda first, last: _days(first, last, locale, year=False)


def format_number(value: float, pattern: str) -> str:
    """A number in a CLDR pattern, with the signs of the reader's language."""
    return _number(value, pattern, date_locale())


@cache
def _count_writer(locale: Locale) -> Callable[[float], str]:
    return lru_cache(maxsize=4096)(lambda n: format_decimal(n, _COUNT, locale=locale))


# A dashboard writes hundreds of numbers, mostly small and often the same.
@lru_cache(maxsize=4096)
def _number(value: float, pattern: str, locale: Locale) -> str:
    return format_decimal(value, pattern, locale=locale)


@lru_cache(maxsize=2048)
def _span(first: dt.date, last: dt.date, skeleton: str, locale: Locale) -> str:
    return str(format_interval(first, last, skeleton, locale=locale))


@lru_cache(maxsize=2048)
def _day(day: dt.date, skeleton: str, locale: Locale) -> str:
    return str(format_skeleton(skeleton, day, locale=locale))
