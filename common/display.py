"""Prepared values that components draw (clock, range), and how durations, shares and times read in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from decimal import Decimal
from functools import cache, lru_cache
from math import isfinite
from statistics import median
from typing import Literal

from babel.core import Locale
from babel.dates import format_datetime, format_skeleton
from babel.numbers import format_decimal
from django.utils import timezone
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from common.money import babel_locale

ClockState = Literal["ok", "risk", "late", "met", "missed", "paused"]
RUNNING: frozenset[str] = frozenset({"ok", "risk", "late"})
MINUTE, HOUR, DAY = 60, 3600, 86400
# How far a range is drawn: so many times the end of the policy's band.
RANGE_REACH = 3


@dataclass(frozen=True, slots=True)
class ClockView:
    """One deadline as the clock component shows it.

    `text` says what is left ("22 min", "−18 min", "met in 9 min"), `label` of what ("resolution").
    `percent` is the share of the time used, 0–100. `left` and `total` are seconds of the clock's own
    (business) time, and `open_for` the seconds until that time stops for the day: with them the page
    counts down by itself, and without `left` it shows the text as it was rendered.
    """

    state: ClockState
    text: str
    label: str
    percent: int
    due_at: datetime | None = None
    exact: str = ""
    left: int | None = None
    total: int | None = None
    open_for: int | None = None

    @property
    def running(self) -> bool:
        return self.state in RUNNING


@dataclass(frozen=True, slots=True)
class RangeView:
    """What a fair amount would be: the policy's band, what like cases got, and the amount proposed.

    Amounts are in major units of `currency`. `limit` is what the reader may grant alone. `top` is the
    right end of the scale; without it the scale ends at a round number above every amount drawn. What lies
    far beyond the policy's band, or a limit far beyond all the rest, would press that together: left out.
    """

    currency: str
    low: Decimal | None = None
    high: Decimal | None = None
    likes: tuple[Decimal, ...] = ()
    mine: Decimal | None = None
    limit: Decimal | None = None
    top: Decimal | None = None

    @property
    def end(self) -> Decimal:
        drawn = (self.low, self.high, self.mine, self.limit, *self.likes)
        largest = _largest(amount for amount in drawn if self.draws(amount))
        fits = self.top is not None and self.top >= largest and self.draws(self.top)
        return self.top if self.top is not None and fits else round_up(largest)

    def draws(self, amount: Decimal | None) -> bool:
        """Whether an amount lies within the reach of the scale."""
        return amount is not None and (not self._middle or amount <= RANGE_REACH * self._middle)

    @property
    def goes_on(self) -> bool:
        """Whether there are amounts beyond the scale."""
        return any(amount is not None and not self.draws(amount) for amount in (self.limit, *self.likes))

    @property
    def _middle(self) -> Decimal:
        """What must be seen well: the band and the proposal; without a band all but the limit."""
        around = (self.mine, self.low, self.high)
        has_band = self.low is not None or self.high is not None
        return _largest(around if has_band else (*around, self.top, *self.likes))

    @property
    def typical(self) -> Decimal | None:
        """The median of like cases."""
        return median(self.likes) if self.likes else None

    @property
    def outside(self) -> bool:
        """Whether the proposal leaves the policy's band."""
        if self.mine is None:
            return False
        below = self.low is not None and self.mine < self.low
        return below or (self.high is not None and self.mine > self.high)

    def share(self, amount: Decimal) -> float:
        """Where an amount lies on the scale, in percent of its length."""
        return self.shares((amount,))[0]

    def shares(self, amounts: Sequence[Decimal]) -> list[float]:
        """Where amounts lie on the scale, in percent of its length."""
        nothing, end = Decimal(0), self.end
        return [100 * float(min(max(amount, nothing), end) / end) for amount in amounts]


def _largest(amounts: Iterable[Decimal | None]) -> Decimal:
    return max((amount for amount in amounts if amount is not None), default=Decimal(0))


def round_up(amount: Decimal) -> Decimal:
    """The smallest of 1, 2, 5 times a power of ten that lies above the amount: a scale's end."""
    if amount <= 0:
        return Decimal(1)
    power = Decimal(1).scaleb(amount.adjusted())
    return next(step * power for step in map(Decimal, (1, 2, 5, 10)) if step * power > amount)


def duration_patterns() -> dict[str, str]:
    """The wordings a duration can take, for the server and for the script that counts down."""
    return _duration_patterns(get_language())


@cache
def _duration_patterns(_language: str | None) -> dict[str, str]:
    # A page of clocks asks for these seven a hundred times.
    return {
        "minute": pgettext("duration shorter than a minute", "<1 min"),
        "m": pgettext("duration", "{m} min"),
        "h": pgettext("duration", "{h} h"),
        "hm": pgettext("duration", "{h} h {m}"),
        "d": pgettext("duration", "{d} d"),
        "dh": pgettext("duration", "{d} d {h} h"),
        "late": pgettext("duration by which a deadline has passed", "−{time}"),
    }


def format_duration(seconds: float, *, days: bool = True, language: str | None = None) -> str:
    """Seconds as a short phrase: "22 min", "1 h 05", "1 d 2 h"; below zero with a minus sign.

    `days=False` stays with hours, for business time, where a day is not 24 hours. `language` is the page's,
    where the caller has asked for it already: a list asks a hundred times.
    """
    patterns = _duration_patterns(language or get_language())
    if seconds < 0:
        return patterns["late"].format(time=_duration(-seconds, patterns, days=days))
    return _duration(seconds, patterns, days=days)


def _duration(seconds: float, patterns: dict[str, str], *, days: bool) -> str:
    if seconds < MINUTE:
        return patterns["minute"]
    whole_days, rest = divmod(int(seconds), DAY) if days else (0, int(seconds))
    hours, minutes = rest // HOUR, rest % HOUR // MINUTE
    if whole_days:
        shown = "dh" if hours and whole_days < 7 else "d"
        return patterns[shown].format(d=whole_days, h=hours)
    if hours:
        return patterns["hm" if minutes else "h"].format(h=hours, m=f"{minutes:02}")
    return patterns["m"].format(m=minutes)


def date_locale(language: str | None = None) -> Locale:
    """The Babel locale dates are written in: the product's English puts the day before the month."""
    code = language or get_language() or "en"
    return babel_locale("en-GB" if code == "en" else code)


def format_percent(share: float | Decimal, digits: int = 0) -> str:
    """A share (0.71) as people read it ("71%")."""
    pattern = "#,##0%" if not digits else f"#,##0.{'0' * digits}%"
    return _percent(share, pattern, date_locale())


# The same shares stand on a page again and again, and on many pages.
@lru_cache(maxsize=2048)
def _percent(share: float | Decimal, pattern: str, locale: Locale) -> str:
    return format_decimal(share, format=pattern, locale=locale)


def format_exact(moment: datetime, zone: tzinfo | None = None, *, language: str | None = None) -> str:
    """Date, time and zone in full, in the reader's zone: what stands behind a relative time."""
    local = moment.astimezone(zone or timezone.get_current_timezone())
    words = _zone_words(local.tzinfo, f"{local:%Y-%m-%dT%H}", local.fold, language or get_language())
    return f"{local:%Y-%m-%d %H:%M} {words}"


@lru_cache(maxsize=2048)
def _zone_words(zone: tzinfo | None, hour: str, fold: int, language: str | None) -> str:
    """The zone's name as it is called at that hour of its own: a page asks it for each of its times."""
    local = datetime.strptime(hour, "%Y-%m-%dT%H").replace(tzinfo=zone, fold=fold)
    return format_datetime(local, "zzzz", locale=date_locale(language))


@lru_cache(maxsize=2048)
def _day_words(day: date, skeleton: str, language: str | None) -> str:
    return str(format_skeleton(skeleton, day, locale=date_locale(language)))


def format_dated(moment: datetime) -> str:
    """Day and time of the reader's zone as their language writes them, with the year: for what is printed."""
    local = timezone.localtime(moment)
    return _("{date} {time}").format(
        date=_day_words(local.date(), "yMMMd", get_language()), time=f"{local:%H:%M}"
    )


def format_when(moment: datetime, now: datetime | None = None) -> str:
    """A moment as one would say it now: "12 min ago", "today 10:03", "20 Nov 18:00", "20 Nov 2024"."""
    now = now or datetime.now(UTC)
    local, today = timezone.localtime(moment), timezone.localtime(now)
    away = (moment - now).total_seconds()
    if abs(away) < MINUTE:
        return _("just now")
    if abs(away) < HOUR:
        minutes = int(abs(away) // MINUTE)
        said = _("in {minutes} min") if away > 0 else _("{minutes} min ago")
        return said.format(minutes=minutes)
    clock = f"{local:%H:%M}"
    days = (local.date() - today.date()).days
    near = {0: _("today {time}"), -1: _("yesterday {time}"), 1: _("tomorrow {time}")}
    if days in near:
        return near[days].format(time=clock)
    if local.year == today.year:
        return _("{date} {time}").format(date=_day_words(local.date(), "MMMd", get_language()), time=clock)
    return _day_words(local.date(), "yMMMd", get_language())


def clean_percent(value: float) -> int:
    """A share in percent that can be drawn: a whole number from 0 to 100."""
    return round(min(max(value, 0), 100)) if isfinite(value) else 0
