"""Template tags of the product's look: icons, clocks, the range, sparklines, money, times and shares."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from babel.dates import format_skeleton
from babel.numbers import format_decimal
from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from common import punctuation
from common.display import (
    RUNNING,
    ClockView,
    RangeView,
    clean_percent,
    date_locale,
    duration_patterns,
    format_dated,
    format_duration,
    format_exact,
    format_percent,
    format_when,
)
from common.money import format_money

register = template.Library()

ICONS = Path(settings.BASE_DIR) / "node_modules" / "@tabler" / "icons" / "icons" / "outline"
NOTHING = "–"


class UnknownIcon(ValueError):
    """A template asked for an icon that @tabler/icons does not have, or the npm packages are missing."""


@lru_cache(maxsize=512)
def icon_svg(name: str) -> SafeString:
    """The SVG of a Tabler outline icon, hidden from assistive technology.

    Raises `UnknownIcon` when there is no such icon: a page must not lose a sign without a word.
    """
    try:
        source = (ICONS / f"{name}.svg").read_text(encoding="utf-8")
    except OSError as error:
        hint = f"no icon named {name!r}" if ICONS.is_dir() else "run npm install first"
        raise UnknownIcon(f"@tabler/icons: {hint} ({ICONS})") from error
    shapes = " ".join(source[source.index(">") + 1 : source.rindex("</svg>")].split())
    shapes = shapes.replace('<path stroke="none" d="M0 0h24v24H0z" fill="none" />', "").strip()
    return SafeString(  # the file comes from the pinned npm package
        '<svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-linecap="round"'
        f' stroke-linejoin="round" aria-hidden="true" focusable="false">{shapes}</svg>'
    )


register.simple_tag(punctuation.colon, name="colon")
register.simple_tag(punctuation.comma, name="comma")
register.simple_tag(punctuation.brackets, name="brackets")
register.filter("listed", punctuation.listed)


@register.simple_tag
def icon(name: str) -> SafeString:
    """`{% icon "inbox" %}`: the icon, inline; the word beside it is the template's job."""
    return icon_svg(name)


@register.simple_tag
def bar(percent: float, tone: str = "", size: str = "") -> SafeString:
    """`{% bar 63 "risk" %}`: a hairline filled to a percentage; `size="thick"` in bar lists. Decoration."""
    return _bar(clean_percent(float(percent or 0)), str(tone), str(size))


@lru_cache(maxsize=512)
def _bar(percent: int, tone: str, size: str) -> SafeString:
    return format_html(
        '<svg class="bar {} {}" aria-hidden="true" focusable="false">'
        '<rect class="rest" width="100%" height="100%"/>'
        '<rect class="fill" width="{}%" height="100%"/></svg>',
        tone,
        size,
        percent,
    )


@register.simple_tag
def spark(points: Iterable[float | Decimal | None], tone: str = "") -> SafeString:
    """`{% spark points "gold" %}`: a line without axes; gaps (None) are left out. Decoration."""
    values = [(at, float(value)) for at, value in enumerate(points or ()) if value is not None]
    if len(values) < 2:
        return format_html('<svg class="spark {}" viewBox="0 0 100 28" aria-hidden="true"></svg>', tone)
    lowest, highest = min(v for _at, v in values), max(v for _at, v in values)
    span, last = (highest - lowest) or 1.0, values[-1][0] or 1
    line = " ".join(f"{100 * at / last:.1f},{25 - 22 * (v - lowest) / span:.1f}" for at, v in values)
    return format_html(
        '<svg class="spark {}" viewBox="0 0 100 28" preserveAspectRatio="none" aria-hidden="true">'
        '<polyline points="{}" vector-effect="non-scaling-stroke"/></svg>',
        tone,
        line,
    )


@register.simple_tag
def clock(view: ClockView) -> SafeString:
    """`{% clock case.clock %}`: what is left in words over a hairline; counts down if the view has `left`.

    A list shows one in each row, so it is written here and not in a template, which takes ten times as long.
    """
    counting, shut, stands = "", "", ""
    if view.open_for == 0:
        # Else a deadline of tomorrow, an hour of business away, seems to be sorted wrongly.
        words = _("closed now")
        shut, stands = " shut", f' <span class="quiet">· {escape(words)}</span>'
    if view.left is not None and view.state in RUNNING:
        parts = (
            ("data-left", view.left),
            ("data-total", view.total or None),
            ("data-open-for", view.open_for),
        )
        counting = "".join([f' {name}="{value:d}"' for name, value in parts if value is not None])
    return SafeString(  # all words are escaped
        f'<div class="clock {view.state}{shut}"{counting}><span title="{escape(view.exact)}">'
        f"<b data-clock-text>{escape(view.text)}</b> "
        f'<span class="quiet">{escape(view.label)}</span>{stands}</span>'
        f"{bar(view.percent)}</div>"
    )


@register.simple_tag
def range_bar(view: RangeView) -> SafeString:
    """`{% range_bar offer.range %}`: policy, like cases, own limit and proposal on a scale, and in words."""
    return _range_bar(view, get_language())


# Whoever looks at an offer before it is decided sees the same.
@lru_cache(maxsize=512)
def _range_bar(view: RangeView, _language: str | None) -> SafeString:
    words, band = escape(range_words(view)), band_text(view)
    said = escape(_("policy %(band_text)s") % {"band_text": band})
    policy = f'<span class="gold">{said}</span>' if band else ""
    return SafeString(  # all words are escaped
        f'<div class="range"><svg role="img" aria-label="{words}" focusable="false"><title>{words}</title>'
        '<rect class="track" x="0" y="14" width="100%" height="6" rx="3"/>'
        f"{''.join(_range_marks(view))}</svg>"
        f'<div class="range-ends" aria-hidden="true"><span>{escape(_whole(Decimal(0), view))}</span>'
        f"{policy}"
        f"<span>{escape(_whole(view.end, view))}{'+' if view.goes_on else ''}</span></div></div>"
    )


def _range_marks(view: RangeView) -> Iterator[str]:
    """The policy's band, a tick for what like cases got, the reader's limit, and the proposal."""
    if view.low is not None or view.high is not None:
        start = min(view.share(view.low or Decimal(0)), 99)
        # A single amount is a band, too, and is seen.
        width = max(view.share(view.end if view.high is None else view.high) - start, 1)
        yield f'<rect class="policy" x="{start:.2f}%" y="14" width="{width:.2f}%" height="6" rx="3"/>'
    likes = [amount for amount in view.likes if view.draws(amount)]
    # Many like cases got the same, and one tick shows them.
    for share in sorted({round(share, 1) for share in view.shares(likes)}):
        yield f'<rect class="like" x="{share:.1f}%" y="11" width="2" height="12"/>'
    if view.limit is not None and view.draws(view.limit):
        at = view.share(view.limit)
        yield f'<line class="limit" x1="{at:.2f}%" x2="{at:.2f}%" y1="4" y2="30"/>'
    if view.mine is not None:
        tone = "mine outside" if view.outside else "mine"
        at = view.share(view.mine)
        yield f'<rect class="{tone}" x="{at:.2f}%" y="6" width="3" height="22" rx="1.5"/>'


def band_text(view: RangeView) -> str:
    """The policy's band as an amount or a span of amounts; empty without a band."""
    low, high = view.low, view.high
    if low is not None and high is not None and low != high:
        # Both languages put the currency first, so once is enough: "¥300–600".
        return f"{_whole(low, view)}–{format_decimal(high, '#,##0', date_locale())}"
    only = high if high is not None else low
    return "" if only is None else _whole(only, view)


def _whole(amount: Decimal, view: RangeView) -> str:
    return format_money(amount, view.currency, whole=True)


def range_words(view: RangeView) -> str:
    """The range for those who do not see it."""
    said = []
    if band := band_text(view):
        said.append(_("Policy {band}").format(band=band))
    if view.typical is not None:
        words = ngettext("{n} like case, median {amount}", "{n} like cases, median {amount}", len(view.likes))
        said.append(words.format(n=len(view.likes), amount=_whole(view.typical, view)))
    if view.limit is not None:
        said.append(_("you may grant {amount}").format(amount=_whole(view.limit, view)))
    if view.mine is not None:
        words = _("proposed {amount}, outside policy") if view.outside else _("proposed {amount}")
        said.append(words.format(amount=format_money(view.mine, view.currency)))
    return punctuation.semicolon().join(said)


@register.filter
def money(amount: Decimal | None, currency: str) -> str:
    """`{{ offer.amount|money:offer.currency }}`: an amount as the reader's language writes it."""
    return NOTHING if amount is None else format_money(Decimal(amount), currency)


@register.filter
def money_whole(amount: Decimal | None, currency: str) -> str:
    """`{{ total|money_whole:"CNY" }}`: without decimals, for sums and scales."""
    return NOTHING if amount is None else format_money(Decimal(amount), currency, whole=True)


@register.filter
def when(moment: datetime | None) -> SafeString | str:
    """`{{ event.at|when }}`: a relative time; the exact one, in the reader's zone, on hover."""
    if moment is None:
        return NOTHING
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        moment.isoformat(),
        format_exact(moment),
        format_when(moment),
    )


@register.filter
def day(date_: date | None) -> str:
    """`{{ budget.ends_on|day }}`: a date as the reader's language writes it, such as "24 Dec 2025"."""
    return NOTHING if date_ is None else str(format_skeleton("yMMMd", date_, locale=date_locale()))


@register.filter
def exact(moment: datetime | None) -> str:
    """`{{ event.at|exact }}`: date, time and zone in full."""
    return NOTHING if moment is None else format_exact(moment)


@register.filter
def dated(moment: datetime | None) -> str:
    """`{{ redemption.at|dated }}`: day and time in the reader's language, such as "20 Nov 2025 18:00"."""
    return NOTHING if moment is None else format_dated(moment)


@register.filter
def duration(seconds: float | None, unit: str = "") -> str:
    """`{{ seconds|duration }}`: "1 h 05"; `|duration:"h"` never turns to days (business time)."""
    return NOTHING if seconds is None else format_duration(float(seconds), days=unit != "h")


@register.filter
def percent(share: float | Decimal | None, digits: int = 0) -> str:
    """`{{ 0.934|percent:1 }}`: a share between 0 and 1 as "93.4%"."""
    return NOTHING if share is None else format_percent(share, digits)


@register.simple_tag
def countdown_patterns() -> dict[str, str]:
    """What clock.js needs to word a duration in the page's language; the layout puts it into the page."""
    return duration_patterns()


@register.filter
def may(user: Any, capability: str) -> bool:
    """`{% if user|may:"decide_offer" %}`: whether a member of staff holds a capability; nobody else does."""
    check = getattr(user, "may", None)
    return bool(check and check(capability))


@register.filter
def iso(moment: datetime | date | None) -> str:
    """`{{ due|iso }}`: for datetime attributes."""
    return "" if moment is None else moment.isoformat()
