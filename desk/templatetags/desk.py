"""Filters of the desk's pages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from cases.rows import CaseRow
from common.display import ClockView
from desk.cards import Card, draw_card
from desk.highlight import highlight
from desk.rows import Hit, draw_hit, draw_row

register = template.Library()


@register.filter
def marked(text: str, query: str) -> SafeString:
    """`{{ case.summary|marked:query }}`: the text with the words of a search in <mark>."""
    return highlight(str(text), query)


@register.filter
def is_past(moment: datetime) -> bool:
    """`{% if task.due_at|is_past %}`: whether its time is up."""
    return moment < timezone.now()


@register.simple_tag
def case_rows(rows: Iterable[tuple[CaseRow, ClockView | None]]) -> SafeString:
    """`{% case_rows rows %}`: the rows of a table of cases, from pairs of a case and its clock."""
    return mark_safe("".join([draw_row(case, clock) for case, clock in rows]))  # noqa: S308  # each row is safe


@register.simple_tag
def offer_card(card: Card, before: int | None, after: int | None) -> SafeString:
    """`{% offer_card card before after %}`: a waiting offer; the two beside the open one have keys."""
    return draw_card(card, key="j" if card.row.pk == after else "k" if card.row.pk == before else "")


@register.simple_tag
def hit_rows(hits: Iterable[Hit], query: str) -> SafeString:
    """`{% hit_rows hits query %}`: what a search has found."""
    return SafeString("".join([draw_hit(hit.case, hit.clock, hit.words, query) for hit in hits]))
