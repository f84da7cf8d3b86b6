"""The whole story of one offer in words: what it rested on, and what was done, by whom and when."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.models import User
from audit.models import Event
from common.money import format_money
from common.templatetags.ui import when
from compensation.bank_reasons import explained
from compensation.models import ApprovalStep, BudgetMovement
from compensation.policy_rules import Fact as PolicyFact
from compensation.policy_words import fact_name
from compensation.promise_rules import promise_state
from compensation.states import PROMISED, Decision, Movement, OfferState, StepState
from compensation.trail_queries import Story
from desk.offer_words import Fact, dose_words, likes_words
from desk.trail.reading import Line, Proof, event_views, proof_of
from desk.views.offer_panel import TONES, dose_view

ICONS = {
    "offer": "coin",
    "voucher": "ticket",
    "payment": "building-bank",
    "remedy": "users-group",
    "review": "clipboard-check",
}
MONEY_ICON = "wallet"


@dataclass(frozen=True)
class Entry:
    """One thing that was done. `said` are the words kept beside it, which no event holds.

    `link` is its number in its chain, and `url` where the audit trail shows it; both are empty for movements
    of money, which are a ledger of their own.
    """

    at: dt.datetime
    icon: str
    what: str
    who: str
    lines: list[Line]
    said: str = ""
    event_id: int | None = None
    link: int | None = None
    hash: str = ""
    url: str = ""


@dataclass(frozen=True)
class FactGroup:
    title: str
    facts: list[Fact]


@dataclass(frozen=True)
class TrailView:
    """What the page of an offer's trail shows."""

    story: Story
    tone: str
    groups: list[FactGroup]
    entries: list[Entry]
    proof: Proof


def trail_view(user: User, story: Story) -> TrailView:
    """The story in the reader's words."""
    offer = story.offer
    return TrailView(
        story=story,
        tone=TONES[OfferState(offer.state)],
        groups=[
            group
            for group in (
                FactGroup(_("The offer"), list(_about(story))),
                FactGroup(_("What it rested on"), list(_basis(story))),
                FactGroup(_("How it reaches the customer"), list(_way(story))),
            )
            if group.facts
        ],
        entries=entries_of(user, story),
        proof=proof_of([offer.case.stream]),
    )


# --- what was done -------------------------------------------------------------------------


def entries_of(user: User, story: Story) -> list[Entry]:
    """Events and movements of money in the order of time."""
    said = _said(story)
    case = story.offer.case
    rows = [
        Entry(
            at=view.at,
            icon=ICONS.get(event.verb.partition(".")[0], "point"),
            what=view.what,
            who=view.who,
            lines=view.lines,
            said=said.get(event.pk, ""),
            event_id=event.pk,
            link=event.sequence,
            hash=event.hash,
            url=_trail_url(event, case.number) if event.stream == case.stream else "",
        )
        for event, view in zip(story.events, event_views(user, story.events), strict=True)
    ]
    return sorted([*rows, *_movements(story)], key=lambda entry: entry.at)


def _trail_url(event: Event, number: str) -> str:
    query = urlencode({"number": number, "action": event.verb})
    return f"{reverse('desk:audit')}?{query}#event-{event.pk}"


def _movements(story: Story) -> Iterator[Entry]:
    """What moved on all levels of the budget at once is one entry with a line for each level."""
    for (_round, kind), rows in groupby(_by_kind(story.movements), key=lambda row: (row.round, row.kind)):
        moved = list(rows)
        first = moved[0]
        yield Entry(
            at=first.at,
            icon=MONEY_ICON,
            what=_("Budget: {movement}").format(movement=Movement(kind).label),
            who=first.by.name if first.by else _("Amends itself"),
            lines=[
                Line(row.budget.label, "", format_money(row.amount, row.budget.currency)) for row in moved
            ],
            said=first.reason,
        )


def _by_kind(movements: list[BudgetMovement]) -> list[BudgetMovement]:
    order = {deed: at for at, deed in enumerate(dict.fromkeys((row.round, row.kind) for row in movements))}
    return sorted(movements, key=lambda row: (order[row.round, row.kind], row.budget_id))


def _said(story: Story) -> dict[int, str]:
    """The words that belong to events, by event: events hold none, so that a customer can be forgotten."""
    words, found = _words(story), {}
    payments = {line.end_to_end_id: line.reason or line.reference for line in story.payments}
    for event in story.events:
        if event.verb.startswith("payment."):
            found[event.pk] = payments.get(str(event.data.get("payment", "")), "")
        elif waiting := words.get(event.verb):
            found[event.pk] = waiting.pop(0)
    return found


def _words(story: Story) -> dict[str, list[str]]:
    """What was said at each event of a kind, in the order of time."""
    offer, words = story.offer, defaultdict[str, list[str]](list)
    words["offer.proposed"] = _proposals(story)
    words["offer.granted_by_remedy"] = [offer.reason]
    if (approval := getattr(offer, "approval", None)) is not None:
        words[f"offer.{approval.decision}"].append(approval.reason)
    words["offer.step_approved"] = _step_reasons(story)
    words["offer.returned"] = [question.text for question in story.questions]
    if (answer := getattr(offer, "answer", None)) is not None:
        words[f"offer.{answer.answer}"].append(answer.words)
    if (fulfilment := getattr(offer, "fulfilment", None)) is not None:
        words["offer.fulfilled"].append(fulfilment.reference)
    if (voucher := getattr(offer, "voucher", None)) is not None:
        words["voucher.voided"].append(voucher.void_reason)
    for setback in story.setbacks:
        words[f"offer.{setback.kind}"].append(explained(setback.reason))
    for redemption in story.redemptions:
        kind = "redeemed" if redemption.reverses_id is None else "reversed"
        words[f"voucher.{kind}"].append(redemption.reason)
    words["review.marked"] += [review.note for review in story.reviews]
    return words


def _proposals(story: Story) -> list[str]:
    """What was said at each proposal: the answers to questions before it, and at the last one the reasons.

    A proposal that is made anew takes the place of the words of the one before it.
    """
    offer = story.offer
    moments = [event.at for event in story.events if event.verb == "offer.proposed"]
    said: list[list[str]] = [[] for _moment in moments]
    for question in story.questions:
        if question.answered_at is None:
            continue
        following = (at for at, moment in enumerate(moments) if moment >= question.answered_at)
        if (at := next(following, None)) is not None:
            said[at].append(question.answer)
    if said:
        said[-1] += [offer.reason, offer.deviation_reason]
    return ["\n".join(filter(None, texts)) for texts in said]


def _step_reasons(story: Story) -> list[str]:
    """The reasons of approved steps in the order of time; the last step is told by the approval itself."""
    approved = [step for step in story.steps if step.state == StepState.APPROVED and step.decided_at]
    approved.sort(key=lambda step: step.decided_at or timezone.now())
    approval = getattr(story.offer, "approval", None)
    if approval is not None and approval.decision == Decision.APPROVED:
        approved = approved[:-1]
    return [step.reason for step in approved]


# --- what it rested on ---------------------------------------------------------------------


def _about(story: Story) -> Iterator[Fact]:
    offer = story.offer
    yield Fact(_("Customer"), offer.case.customer.name)
    yield Fact(_("Branch"), offer.branch.label)
    yield Fact(_("What it is for"), offer.purpose)
    yield Fact(_("Basis"), str(offer.get_basis_display()))
    yield Fact(_("Asked for"), format_money(offer.amount, offer.currency))
    if offer.granted_amount is not None:
        granted = format_money(offer.granted_amount, offer.currency)
        yield Fact(_("Granted"), granted, "good" if not offer.is_lowered else "risk")
    if offer.taken_back:
        yield Fact(_("Clawed back"), format_money(offer.taken_back, offer.currency), "late")
    yield Fact(_("Proposed by"), offer.proposer.name)
    approval = getattr(offer, "approval", None)
    if approval is not None:
        limit = _("authority {amount}").format(amount=format_money(approval.limit, offer.currency))
        yield Fact(_("Decided by"), format_html("{} · {}", approval.approver.name, limit))
    elif offer.within_authority:
        yield Fact(_("Decided by"), _("the proposer alone, within their authority"))
    for step in story.steps:
        if step.state != StepState.DROPPED:
            yield Fact(_("Step {level}").format(level=step.level), _step(step))
    if offer.remedy is not None:
        number = offer.remedy.incident.number
        url = reverse("desk:incident_remedy", args=[number])
        yield Fact(_("Remedy of an incident"), format_html('<a href="{}">{}</a>', url, number))
    if offer.parent_id is not None:
        url = reverse("desk:offer_trail", args=[offer.parent_id])
        yield Fact(_("In answer to"), format_html('<a href="{}">{}</a>', url, _("an offer before it")))


def _step(step: ApprovalStep) -> str:
    """Who was asked, and who decided how; for whom, where somebody stood in."""
    said = [str(step.get_role_display()), str(step.get_state_display())]
    if step.decided_by is not None:
        said.append(step.decided_by.name)
    if step.on_behalf_of is not None:
        said.append(_("on behalf of {name}").format(name=step.on_behalf_of.name))
    return " · ".join(said)


def _basis(story: Story) -> Iterator[Fact]:
    offer, case = story.offer, story.offer.case
    if offer.policy_low is not None and offer.policy_high is not None:
        ends = dict.fromkeys(
            format_money(end, offer.currency) for end in (offer.policy_low, offer.policy_high)
        )
        yield Fact(_("Policy gave"), " – ".join(ends), "risk" if offer.deviation_reason else "")
    for row in offer.policy_rules:
        yield Fact(_("By the rule"), _rule(story, row))
    for name, value in offer.policy_facts.items():
        known = name in {str(each) for each in PolicyFact}
        yield Fact(fact_name(PolicyFact(name)) if known else name, str(value))
    if offer.deviation_reason:
        yield Fact(_("Why it leaves the policy"), offer.deviation_reason, "risk")
    yield Fact(_("Like cases then"), likes_words(story.likes, offer.currency))
    if case.loss is not None:
        loss = format_money(case.loss, case.currency)
        said = loss if case.verified_loss is not None else f"{loss} · {_('as claimed')}"
        dose = dose_view(offer.standing_amount or None, case.loss)
        yield Fact(_("Loss"), said if dose is None else format_html("{} · {}", said, dose_words(dose)))


def _rule(story: Story, row: dict[str, int]) -> Any:
    version = story.versions.get(row["version"])
    if version is None:
        return "–"
    rules = version.parsed
    number = row["rule"]
    name = rules[number - 1].name_in(get_language() or "en") if 1 <= number <= len(rules) else str(number)
    url = f"{reverse('desk:policy_version', args=[version.pk])}#rule-{number}"
    number_words = _("version {number}").format(number=version.number)
    return format_html('<a href="{}">{}</a> · {} · {}', url, version.policy.label, number_words, name)


# --- how it reaches the customer -----------------------------------------------------------


def _way(story: Story) -> Iterator[Fact]:
    offer = story.offer
    fulfilment = getattr(offer, "fulfilment", None)
    state = OfferState(offer.state)
    if offer.offered_at is not None:
        yield Fact(_("Offered to the customer"), when(offer.offered_at))
    if offer.due_at is not None and state in (*PROMISED, OfferState.FULFILLED, OfferState.CLAWED_BACK):
        landed = fulfilment.landed_at if fulfilment else None
        promise = promise_state(offer.due_at, landed, now=timezone.now())
        said = format_html("{} · {}", when(offer.due_at), promise.label if promise else "")
        yield Fact(_("Promised by"), said)
    if fulfilment is not None:
        how = fulfilment.get_method_display()
        yield Fact(_("Reached the customer"), format_html("{} · {}", when(fulfilment.landed_at), how))
    for line in story.payments:
        said = format_html("{} · {} · {}", line.batch.reference, line.get_state_display(), line.end_to_end_id)
        yield Fact(_("Payment"), said)
    voucher = getattr(offer, "voucher", None)
    if voucher is not None:
        left = format_money(voucher.remaining, voucher.currency)
        standing = _("ending in {last}: {state}, {left} left")
        yield Fact(
            _("Voucher"),
            standing.format(last=voucher.last_four, state=voucher.standing.label, left=left),
        )
