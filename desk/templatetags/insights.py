"""Template tags of the insights pages: addresses of the lists behind figures, and signed numbers."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import Context

from insights.wording import format_count, format_number

register = template.Library()

NOTHING = "–"


@register.simple_tag(takes_context=True)
def figure_url(context: Context, code: str, **narrower: Any) -> str:
    """`{% figure_url "opened" defect=code %}`: the list behind a figure, with the page's filters."""
    return context["links"].to(code, **narrower)


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
