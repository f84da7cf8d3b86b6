"""Template tags of the pages about compensation: rows of tables with many links, and plots of differences."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from common.display import format_percent
from common.money import format_money
from desk.looking import Links
from insights.compensation import MoneyRow
from insights.compensation_queries import Total
from insights.compensation_rules import Compared, Middle
from insights.fairness import GroupRow, Spread
from insights.rules import FEW
from insights.wording import count_writer, format_number

register = template.Library()

NOTHING = '<span class="quiet">–</span>'
# The figures of the columns of a table of money.
_COLUMNS = (("waiting", "waiting_now"), ("promised", "promised_now"), ("granted", "grants"), ("paid", "paid"))


@register.filter
def points(difference: float) -> str:
    """`{{ 0.123|points }}`: a difference of shares in percentage points, "12 pts"."""
    return gettext("{points} pts").format(points=format_number(100 * difference, "#,##0;−#,##0"))


@register.simple_tag(takes_context=True)
def offers_link(context: Context, total: Total, code: str) -> SafeString:
    """`{% offers_link board.paid "paid" %}`: "12 offers", which opens them."""
    words = ngettext("{n} offer", "{n} offers", total.n).format(n=count_writer()(total.n))
    return SafeString(_link(context["links"].to(code), words))


@register.simple_tag(takes_context=True)
def money_rows(context: Context, rows: Iterable[MoneyRow], name: str) -> SafeString:
    """`{% money_rows rows "kind" %}`: amounts of each kind, cause or branch, each number opening its list."""
    links: Links = context["links"]
    currency = context["board"].selection.currency
    return SafeString("".join([_money_row(row, name, links, currency) for row in rows]))


def _money_row(row: MoneyRow, name: str, links: Links, currency: str) -> str:
    cells = "".join(
        _money_cell(getattr(row, part), links.to(figure, **{name: row.code}), currency)
        for part, figure in _COLUMNS
    )
    return f'<tr><th scope="row">{escape(row.label)}</th>{cells}</tr>\n'


def _money_cell(total: Total, url: str, currency: str) -> str:
    if not total.n:
        return f'<td class="num">{NOTHING}</td>'
    amount = escape(format_money(total.amount, currency, whole=True))
    return f'<td class="num">{amount}<small>{_link(url, count_writer()(total.n))}</small></td>'


@register.simple_tag(takes_context=True)
def spread_rows(context: Context, spread: Spread, reach: float) -> SafeString:
    """`{% spread_rows spread reach %}`: the groups of a dimension; the differences are drawn to one scale."""
    links: Links = context["links"]
    return SafeString("".join([_spread_row(row, spread.name, links, reach) for row in spread.rows]))


def _spread_row(row: GroupRow, name: str, links: Links, reach: float) -> str:
    compared, counted = row.compared, count_writer()
    # An empty code would be left out of the address, so those without a person have the number 0.
    url = links.to("compensated", **{name: row.code or "0"})
    return (
        f'<tr><th scope="row">{escape(row.label)}</th>'
        f'<td class="num">{_link(url, counted(compared.n))}</td>'
        f'<td class="num">{_median(compared.ratio)}</td>'
        f'<td class="num">{_quarters(compared.ratio)}</td>'
        f'<td class="num">{_gap(compared)}</td>'
        f'<td class="gap-plot">{_plot(compared, reach)}</td></tr>\n'
    )


def _median(middle: Middle | None) -> str:
    if middle is None:
        return f'<span class="quiet">{escape(gettext("too few"))}</span>'
    small = _interval(format_percent, middle)
    return f"{format_percent(middle.median)}{_few(middle.n)}{small}"


def _quarters(middle: Middle | None) -> str:
    if middle is None:
        return NOTHING
    return f"{format_percent(middle.quarter)}–{format_percent(middle.three_quarters)}"


def _gap(compared: Compared) -> str:
    gap = compared.gap
    if gap is None:
        return f'<span class="quiet">{escape(gettext("too few"))}</span>'
    tone = ' class="risk"' if compared.stands_out else ""
    n = escape(gettext("n = {n}").format(n=count_writer()(compared.matched)))
    words = gettext("{points} pts").format(points=_signed(gap.median))
    return f"<b{tone}>{escape(words)}</b>{_interval(_signed, gap)}<small>{n}</small>"


def _signed(difference: float) -> str:
    return format_number(100 * difference, "+#,##0;−#,##0") if round(100 * difference) else "0"


def _interval(written: Callable[[float], str], middle: Middle) -> str:
    if middle.interval is None:
        return ""
    to = escape(gettext("{low} to {high}"))
    return f"<small>{to.format(low=written(middle.interval.low), high=written(middle.interval.high))}</small>"


def _few(n: int) -> str:
    if n >= FEW:
        return ""
    title = escape(gettext("Fewer than 30: the next few may change it."))
    return f' <span class="chip quiet" title="{title}">{escape(gettext("few"))}</span>'


def _plot(compared: Compared, reach: float) -> str:
    """The difference as a dot, its interval as a line, around a line for none at all. Decoration."""
    gap = compared.gap
    if gap is None or not reach:
        return ""
    ends = (gap.interval.low, gap.interval.high) if gap.interval else (gap.median, gap.median)
    low, middle, high = (50 + 48 * max(-1.0, min(1.0, end / reach)) for end in (ends[0], gap.median, ends[1]))
    tone = " out" if compared.stands_out else ""
    return (
        f'<svg class="gap-line{tone}" aria-hidden="true" focusable="false">'
        '<line class="zero" x1="50%" x2="50%" y1="0" y2="100%"/>'
        f'<line class="reach" x1="{low:.1f}%" x2="{high:.1f}%" y1="50%" y2="50%"/>'
        f'<circle cx="{middle:.1f}%" cy="50%" r="4"/></svg>'
    )


def _link(url: str, words: str) -> str:
    return f'<a href="{url.replace("&", "&amp;")}">{escape(words)}</a>'
