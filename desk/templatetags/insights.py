"""Template tags of the insights pages: addresses of the lists behind figures, and signed numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape
from typing import Any

from django import template
from django.template.context import Context
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext

from common.display import format_percent
from common.templatetags.ui import bar
from insights.courses import Cell
from insights.measures import ParetoRow
from insights.readings import Reading
from insights.wording import count_writer, format_count, format_number

register = template.Library()

NOTHING = "–"
_NEEDS_ESCAPE = re.compile("[&<>\"']").search


@register.simple_tag(takes_context=True)
def figure_url(context: Context, code: str, **narrower: Any) -> str:
    """`{% figure_url "opened" defect=code %}`: the list behind a figure, with the page's filters."""
    return context["links"].to(code, **narrower)


@register.simple_tag
def chart_rows(rows: Iterable[Sequence[Cell]]) -> SafeString:
    """`{% chart_rows chart.rows %}`: the body of a chart's table, which has a hundred cells."""
    return SafeString("".join([f"<tr>{''.join(_cells(row))}</tr>" for row in rows]))


def _markup(text: str) -> str:
    """`escape`, quicker for what needs none, as nearly every cell."""
    return escape(text) if _NEEDS_ESCAPE(text) else text


def _cells(row: Sequence[Cell]) -> Iterator[str]:
    for at, cell in enumerate(row):
        number = ' class="num"' if at else ""
        if isinstance(cell, str):
            yield f"<td{number}>{_markup(cell)}</td>"
        else:
            yield f'<td{number}><a href="{_address(cell["url"])}">{_markup(cell["text"])}</a></td>'


@register.simple_tag(takes_context=True)
def pareto_rows(context: Context, rows: Iterable[ParetoRow], by: str) -> SafeString:
    """`{% pareto_rows rows "family" %}`: defects or families, the largest first, each opening its list."""
    links, language, counted = context["links"], get_language() or "en", count_writer()
    return SafeString(
        "".join(
            [
                _pareto_row(row, by, links.to("opened", **{by: row.defect.code}), language, counted)
                for row in rows
            ]
        )
    )


def _pareto_row(row: ParetoRow, by: str, url: str, language: str, counted: Callable[[float], str]) -> str:
    family = row.defect.family if by == "defect" else None
    of = f' <small class="quiet">· {_markup(family.name_in(language))}</small>' if family else ""
    return (
        f'<tr><th scope="row">{_markup(row.defect.name_in(language))}{of}</th>'
        f'<td class="pareto-bar">{bar(row.length, "", "thick")}</td>'
        f'<td class="num"><a href="{_address(url)}">{counted(row.n)}</a></td>'
        f'<td class="num">{format_percent(row.share)}</td>'
        f'<td class="num quiet">{format_percent(row.so_far)}</td></tr>\n'
    )


def _address(url: str) -> str:
    """The address of a list in an attribute: its values are percent-encoded, so that only "&" needs care."""
    return url.replace("&", "&amp;")


@register.simple_tag
def share(reading: Reading, url: str) -> SafeString:
    """`{% share reading url %}`: a share with a link to what it counts, or why there is none."""
    if reading.shown:
        few = f" {_few()}" if reading.flagged else ""
        return SafeString(f'<a href="{_address(url)}">{format_percent(reading.value or 0, 1)}</a>{few}')
    if reading.n:
        return SafeString(f'<span class="quiet">{escape(gettext("too few"))}</span>')
    return SafeString(f'<span class="quiet">{NOTHING}</span>')


def _few() -> str:
    title = escape(gettext("Fewer than 30: the next few may change it."))
    return f'<span class="chip quiet" title="{title}">{escape(gettext("few"))}</span>'


@register.filter
def count(n: float | None) -> str:
    """`{{ 12345|count }}`: with the separators of the reader's language."""
    return NOTHING if n is None else format_count(n)


@register.filter
def decimal(value: float | None, digits: int = 1) -> str:
    """`{{ 4.03|decimal }}`: with so many decimals."""
    return NOTHING if value is None else format_number(value, f"#,##0.{'0' * digits}")


@register.filter
def signed_percent(change: float | None) -> str:
    """`{{ -0.12|signed_percent }}`: a relative change, "−12%"."""
    if change is None:
        return NOTHING
    return format_number(change, "+#,##0%;−#,##0%")


@register.filter
def signed(value: float | None, digits: int = 1) -> str:
    """`{{ 1.9|signed }}`: with a plus or a true minus before it."""
    if value is None:
        return NOTHING
    places = f".{'0' * digits}" if digits else ""
    return format_number(value, f"+#,##0{places};−#,##0{places}")
