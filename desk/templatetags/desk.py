"""Filters of the desk's pages."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django import template
from django.template.context import Context
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from cases.rows import CaseRow
from common.display import ClockView
from compensation.rules import Likes
from customers.states import Tier
from desk.cards import Card, draw_card, draw_choice
from desk.decisions import DecisionView, draw_dialog, draw_refused
from desk.highlight import highlight
from desk.offer_words import DoseView, dose_words, likes_words
from desk.rows import Hit, draw_hit, draw_row
from desk.steps import StepView, draw_step

register = template.Library()


@register.filter
def marked(text: str, query: str) -> SafeString:
    """`{{ case.summary|marked:query }}`: the text with the words of a search in <mark>."""
    return highlight(str(text), query)


@register.filter
def tier_label(code: str) -> str:
    """`{{ rule.tier|tier_label }}`: what a tier of customers is called."""
    return str(Tier(code).label)


@register.filter
def is_past(moment: datetime) -> bool:
    """`{% if task.due_at|is_past %}`: whether its time is up."""
    return moment < timezone.now()


@register.simple_tag
def case_rows(rows: Iterable[tuple[CaseRow, ClockView | None]]) -> SafeString:
    """`{% case_rows rows %}`: the rows of a table of cases, from pairs of a case and its clock."""
    return SafeString("".join([draw_row(case, clock) for case, clock in rows]))  # each row is safe


@register.simple_tag(takes_context=True)
def recovery_steps(context: Context, steps: Iterable[StepView], number: str, may_work: bool) -> SafeString:
    """`{% recovery_steps steps case.number may_work %}`: the items of the list of recovery steps."""
    token = str(context.get("csrf_token", ""))
    drawn = [draw_step(view, number=number, token=token, may_work=may_work) for view in steps]
    return SafeString("".join(drawn))  # each step is safe


@register.simple_tag
def offer_cards(cards: Iterable[Card], before: Card | None, after: Card | None) -> SafeString:
    """`{% offer_cards above before after %}`: what waits; the two beside the open one have keys."""
    keys, language = {card.key: key for card, key in ((before, "k"), (after, "j")) if card}, _language()
    return SafeString("".join([draw_card(card, language, key=keys.get(card.key, "")) for card in cards]))


@register.simple_tag(takes_context=True)
def decision_forms(context: Context, decisions: Iterable[DecisionView], after: Card | None) -> SafeString:
    """`{% decision_forms decisions after %}`: a dialog for each way to decide on the open offer."""
    token, following = str(context.get("csrf_token", "")), _offer_of(after)
    return SafeString("".join([draw_dialog(each, token=token, after=following) for each in decisions]))


@register.simple_tag(takes_context=True)
def refused_decision(context: Context, decision: DecisionView, after: Card | None, back: str) -> SafeString:
    """`{% refused_decision refused after opened.url %}`: a decision that was refused, with its errors."""
    token = str(context.get("csrf_token", ""))
    return draw_refused(decision, token=token, after=_offer_of(after), back=back)


def _offer_of(card: Card | None) -> str:
    """The key of a card's offer; "" for no card, and for a remedy, which is decided on elsewhere."""
    return "" if card is None or card.row.is_remedy else str(card.row.pk)


@register.simple_tag
def batch_choices(cards: Iterable[Card], chosen: Collection[int]) -> SafeString:
    """`{% batch_choices batch.cards batch.chosen %}`: offers to decide on together, with their boxes."""
    language = _language()
    return SafeString("".join([draw_choice(card, language, chosen=card.row.pk in chosen) for card in cards]))


def _language() -> str:
    return get_language() or "en"


@register.simple_tag
def like_cases(likes: Likes, currency: str) -> SafeString:
    """`{% like_cases likes case.currency %}`: what like cases were granted, in words."""
    return likes_words(likes, currency)


@register.simple_tag
def dose(view: DoseView) -> SafeString:
    """`{% dose view %}`: the ratio of compensation to loss, in words."""
    return dose_words(view)


@register.simple_tag
def hit_rows(hits: Iterable[Hit], query: str) -> SafeString:
    """`{% hit_rows hits query %}`: what a search has found."""
    return SafeString("".join([draw_hit(hit.case, hit.clock, hit.words, query) for hit in hits]))
