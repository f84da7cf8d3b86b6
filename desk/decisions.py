"""The ways to decide on a waiting offer, and their forms: drawn in Python, for four of them are on a page."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from html import escape

from django import forms
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from common.money import format_money
from compensation.inbox import Dossier
from desk.forms.offers import LowerForm, QuestionForm, ReasonForm

_PATHS = {"reject": "desk:offer_reject", "ask": "desk:offer_ask"}


@dataclass(frozen=True, slots=True)
class DecisionView:
    """A way to decide: its title, the word on its button, where its form goes, and what was asked.

    `seen` is the amount that the reader sees asked for, where the decision depends on it; `initial` what the
    form is filled with; `refused` a form with its errors, which is drawn instead of a new one.
    """

    verb: str
    title: str
    done: str
    url: str
    currency: str
    seen: str = ""
    initial: str = ""
    asked: str = ""
    refused: forms.Form | None = None


def decision_of(facts: Dossier, verb: str, refused: forms.Form | None = None) -> DecisionView:
    """One way to decide on an offer: "approve", "lower", "reject" or "ask"."""
    offer = facts.offer
    money = {"amount": format_money(facts.asked, offer.currency)}
    seen, initial, asked, done = "", "", "", _("Approve")
    match verb:
        case "ask":
            title, done = _("Return %(amount)s with a question") % money, _("Return with the question")
        case "approve":
            title, seen = _("Approve %(amount)s") % money, str(facts.asked)
        case "lower":
            title, seen = _("Approve a lower amount"), str(facts.asked)
            asked = _("Asked: %(asked)s.") % {"asked": money["amount"]}
            # The most that this person may approve, where that is less.
            initial = f"{facts.most.normalize():f}" if facts.most < facts.asked else ""
        case _:
            title, done = _("Reject %(amount)s") % money, _("Reject")
    url = _path(verb).replace("/0/", f"/{offer.pk}/")
    return DecisionView(verb, title, done, url, offer.currency, seen, initial, asked, refused)


def draw_dialog(decision: DecisionView, *, token: str, after: str) -> SafeString:
    """The form in a dialog of its own, which its button opens."""
    hide = (
        f'<button class="b quietly" type="button" popovertarget="decide-{decision.verb}"'
        f' popovertargetaction="hide">{escape(_("Cancel"))}</button>'
    )
    return SafeString(  # what comes from people is escaped
        f'<dialog class="dialog" id="decide-{decision.verb}" popover aria-label="{escape(decision.title)}">'
        f"{_draw_form(decision, token, after, hide)}</dialog>"
    )


def draw_refused(decision: DecisionView, *, token: str, after: str, back: str) -> SafeString:
    """The form in place, with its errors; `back` is the page without it."""
    leave = f'<a class="b quietly" href="{escape(back)}">{escape(_("Cancel"))}</a>'
    return SafeString(_draw_form(decision, token, after, leave))  # as above


def _draw_form(decision: DecisionView, token: str, after: str, cancel: str) -> str:
    """`after` is the key of the offer to go on with, "" for none."""
    hidden = {"csrfmiddlewaretoken": token, "after": after}
    if decision.seen:
        hidden["seen"] = decision.seen
    inputs = "".join(f'<input type="hidden" name="{name}" value="{value}">' for name, value in hidden.items())
    if decision.refused is None:
        fields = _fields(decision.verb, decision.currency, decision.initial, get_language())
    else:
        fields = decision.refused.render()
    asked = f'<p class="quiet">{escape(decision.asked)}</p>' if decision.asked else ""
    look = "no" if decision.verb == "reject" else "main"
    return (
        f'<form method="post" action="{decision.url}">{inputs}'
        f'<h2 class="pad-bottom">{escape(decision.title)}</h2>{asked}{fields}'
        f'<div class="actions"><button type="submit" class="b {look}">{escape(decision.done)}</button>'
        f"{cancel}</div></form>"
    )


@lru_cache(maxsize=8)
def _path(verb: str) -> str:
    """Where the form of an offer 0 would go: four addresses on each page."""
    return reverse(_PATHS.get(verb, "desk:offer_approve"), args=[0])


@lru_cache(maxsize=500)
def _fields(verb: str, currency: str, initial: str, _language: str) -> SafeString:
    """The fields of a new form; they differ by language, too."""
    ids = f"{verb}_%s"
    match verb:
        case "lower":
            filled = {"amount": initial} if initial else {}
            return LowerForm(currency=currency, initial=filled, auto_id=ids).render()
        case "ask":
            return QuestionForm(auto_id=ids).render()
        case _:
            return ReasonForm(auto_id=ids).render()
