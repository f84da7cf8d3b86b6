"""Who is told of an offer: those who are asked to decide, and the proposer of what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal

from babel.numbers import get_currency_precision
from django.utils.translation import gettext_noop

from accounts.models import User
from accounts.states import Role
from cases.actions.timeline import add_event
from cases.models import Case
from cases.paths import case_path
from compensation.actions.deciders import asked_people
from compensation.actions.decision_links import make_links
from compensation.models import Approval, ApprovalStep, Offer
from compensation.paths import APPROVALS_PATH
from compensation.states import Decision
from messaging.actions import notify
from sla.states import Severity


def amount_text(amount: Decimal, currency: str) -> str:
    """An amount that reads the same in every language ("EUR 1,045.00"), for sentences kept as parameters."""
    return f"{currency} {amount:,.{get_currency_precision(currency)}f}"


# What costs nothing, such as a letter of apology, is told without "0.00".
WITHOUT_AMOUNT = {
    "Compensation of %(amount)s granted within own authority.": gettext_noop(
        "Non-monetary compensation granted within own authority."
    ),
    "Compensation of %(amount)s withdrawn: %(reason)s": gettext_noop(
        "Non-monetary compensation withdrawn: %(reason)s"
    ),
    "Compensation of %(amount)s offered to the customer.": gettext_noop(
        "Non-monetary compensation offered to the customer."
    ),
    "Compensation of %(amount)s did not arrive: %(reason)s": gettext_noop(
        "Non-monetary compensation did not arrive: %(reason)s"
    ),
    "Compensation of %(amount)s clawed back: %(reason)s": gettext_noop(
        "Non-monetary compensation clawed back: %(reason)s"
    ),
    "Compensation of %(amount)s reached the customer.": gettext_noop(
        "Non-monetary compensation reached the customer."
    ),
    "The customer accepts compensation of %(amount)s.": gettext_noop(
        "The customer accepts the non-monetary compensation."
    ),
    "The customer declines compensation of %(amount)s.": gettext_noop(
        "The customer declines the non-monetary compensation."
    ),
    "The customer asks for %(wanted)s instead of %(amount)s.": gettext_noop(
        "The customer asks for %(wanted)s instead of non-monetary compensation."
    ),
    "The customer asks for non-monetary compensation instead of %(amount)s.": gettext_noop(
        "The customer asks for another non-monetary compensation."
    ),
    "The customer did not answer the offer of %(amount)s in time; it has expired.": gettext_noop(
        "The customer did not answer the offer of non-monetary compensation in time; it has expired."
    ),
    "%(number)s: the customer did not answer the offer of %(amount)s in time.": gettext_noop(
        "%(number)s: the customer did not answer the offer of non-monetary compensation in time."
    ),
    "%(number)s: compensation of %(amount)s should reach the customer within a day.": gettext_noop(
        "%(number)s: non-monetary compensation should reach the customer within a day."
    ),
    "%(number)s: compensation of %(amount)s is overdue.": gettext_noop(
        "%(number)s: non-monetary compensation is overdue."
    ),
    "%(number)s: compensation of %(amount)s is long overdue.": gettext_noop(
        "%(number)s: non-monetary compensation is long overdue."
    ),
}


def words_for(offer: Offer, message: str) -> str:
    """The message as it is told of this offer."""
    return WITHOUT_AMOUNT.get(message, message) if offer.is_free else message


def tell_on_timeline(
    *,
    case: Case,
    offer: Offer,
    actor: User | None,
    message: str,
    amount: Decimal | None = None,
    params: Mapping[str, str] | None = None,
) -> None:
    """Say on the case's timeline what became of an offer; of its `amount`, where it is not of all."""
    told = offer.standing_amount if amount is None else amount
    add_event(
        case=case,
        actor=actor,
        message=words_for(offer, message),
        params={"amount": amount_text(told, offer.currency), **(params or {})},
    )


def tell_deciders(*, case: Case, offer: Offer, steps: Iterable[ApprovalStep]) -> None:
    """Tell those who may decide one of these steps that an offer waits for them."""
    for step in steps:
        people = asked_people(case.branch, Role(step.role), without=offer.proposer)
        notify(
            users=people,
            message=gettext_noop("%(amount)s on %(case)s waits for your approval."),
            params={"amount": amount_text(offer.amount, offer.currency), "case": case.number},
            url=f"{APPROVALS_PATH}?offer={offer.pk}",
            dedupe_key=f"offer:{offer.pk}:waiting:{step.round}.{step.level}",
            urgent=case.severity == Severity.CRITICAL,
            links=make_links(offer, people),
        )


def tell_of_question(*, case: Case, offer: Offer, by: User) -> None:
    """Tell the proposer that somebody wants to know more before they decide."""
    notify(
        users=[offer.proposer],
        message=gettext_noop("%(name)s has a question about %(asked)s on %(case)s."),
        params={
            "name": by.name,
            "asked": amount_text(offer.amount, offer.currency),
            "case": case.number,
        },
        url=case_path(case.number),
        dedupe_key=f"offer:{offer.pk}:{offer.round}:returned",
    )


def tell_proposer(*, case: Case, offer: Offer, approval: Approval) -> None:
    """Tell the proposer what became of their offer."""
    if approval.decision == Decision.REJECTED:
        message = gettext_noop("%(asked)s on %(case)s was rejected.")
    elif offer.is_lowered:
        message = gettext_noop("%(granted)s instead of %(asked)s was approved on %(case)s.")
    else:
        message = gettext_noop("%(asked)s on %(case)s was approved.")
    notify(
        users=[offer.proposer],
        message=message,
        params={
            "asked": amount_text(offer.amount, offer.currency),
            "granted": amount_text(offer.standing_amount, offer.currency),
            "case": case.number,
        },
        url=case_path(case.number),
        dedupe_key=f"offer:{offer.pk}:decided",
        begins=True,
    )
