"""States, kinds and choices of a complaint case, and which state may follow which."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class CaseState(models.TextChoices):
    OPEN = "open", _("Open")
    WAITING = "waiting", _("Waiting for customer")
    RESOLVED = "resolved", _("Resolved")


OPEN_STATES = (CaseState.OPEN, CaseState.WAITING)

TRANSITIONS: dict[CaseState, frozenset[CaseState]] = {
    CaseState.OPEN: frozenset({CaseState.WAITING, CaseState.RESOLVED}),
    CaseState.WAITING: frozenset({CaseState.OPEN, CaseState.RESOLVED}),
    CaseState.RESOLVED: frozenset({CaseState.OPEN}),
}


class FailureType(models.TextChoices):
    PROCESS = "process", _("Process")
    OUTCOME = "outcome", _("Outcome")


class Channel(models.TextChoices):
    PHONE = "phone", pgettext_lazy("channel", "Phone")
    COUNTER = "counter", _("Counter")
    WEB = "web", _("Web form")
    EMAIL = "email", _("E-mail")
    CHAT = "chat", _("Live chat")
    SOCIAL = "social", _("Social media")
    SURVEY = "survey", _("Survey")
    REGULATOR = "regulator", _("Regulator")
    API = "api", _("API")


class Remedy(models.TextChoices):
    REFUND = "refund", _("Refund")
    EXCHANGE = "exchange", _("Exchange")
    REPAIR = "repair", _("Repair or rework")
    SUBSTITUTE = "substitute", _("Substitute")
    TECHNICAL_HELP = "technical_help", _("Technical help")
    INFORMATION = "information", _("Information")
    REFERRAL = "referral", _("Referral")
    FINANCIAL_HELP = "financial_help", _("Financial help")
    COMPENSATION = "compensation", _("Compensation")
    APOLOGY = "apology", _("Apology")
    GIFT = "gift", _("Gift")


class Cue(models.TextChoices):
    """Escalation-risk cues, the weightiest first."""

    SAFETY = "safety", _("safety")
    LEGAL = "legal", _("legal")
    REGULATOR = "regulator", _("regulator")
    MEDIA = "media", _("media")
    FRAUD = "fraud", _("fraud")
    PAYMENT = "payment", _("chargeback")
    REPEAT = "repeat", _("again and again")


class BaselineSource(models.TextChoices):
    ASKED = "asked", _("asked at intake")
    PRIOR_SURVEY = "prior_survey", _("from an earlier survey")
    NONE = "none", _("not known")


class StepKind(models.TextChoices):
    ACKNOWLEDGE = "acknowledge", _("Acknowledge")
    LISTEN = "listen", _("Listen")
    VERIFY = "verify", _("Verify")
    APOLOGISE = "apologise", _("Apologise")
    EXPLAIN = "explain", _("Explain")
    SOLVE = "solve", _("Solve")
    COMPENSATE = "compensate", _("Compensate")
    FOLLOW_UP = "follow_up", _("Follow up")


# What is left to do while the remedy is on its way to the customer.
LANDING_STEPS = (StepKind.COMPENSATE, StepKind.FOLLOW_UP)


class StepState(models.TextChoices):
    OPEN = "open", _("To do")
    DONE = "done", _("Done")
    SKIPPED = "skipped", _("Skipped")


class EntryKind(models.TextChoices):
    MESSAGE = "message", _("Message from the customer")
    REPLY = "reply", _("Reply")
    CALL = "call", _("Call")
    NOTE = "note", _("Internal note")
    EVENT = "event", _("Event")


class ClockState(models.TextChoices):
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    MET = "met", _("Met")
    MISSED = "missed", _("Missed")
    CANCELLED = "cancelled", _("Cancelled")


CLOCK_TRANSITIONS: dict[ClockState, frozenset[ClockState]] = {
    ClockState.RUNNING: frozenset(
        {ClockState.PAUSED, ClockState.MET, ClockState.MISSED, ClockState.CANCELLED}
    ),
    ClockState.PAUSED: frozenset(
        {ClockState.RUNNING, ClockState.MET, ClockState.MISSED, ClockState.CANCELLED}
    ),
    ClockState.MET: frozenset(),
    ClockState.MISSED: frozenset(),
    ClockState.CANCELLED: frozenset(),
}


class Outcome(models.TextChoices):
    UPHELD = "upheld", _("Upheld: we failed")
    PARTLY_UPHELD = "partly_upheld", _("Partly upheld")
    NOT_UPHELD = "not_upheld", _("Not upheld")
    WITHDRAWN = "withdrawn", _("Withdrawn by the customer")
    NOT_RECORDED = "not_recorded", _("Not recorded")


# What staff may decide; imported history may not say how it ended.
DECISIONS = (Outcome.UPHELD, Outcome.PARTLY_UPHELD, Outcome.NOT_UPHELD, Outcome.WITHDRAWN)


class IncidentState(models.TextChoices):
    OPEN = "open", pgettext_lazy("incident", "Open")
    RESOLVED = "resolved", pgettext_lazy("incident", "Resolved")


class LineProblem(models.TextChoices):
    """Why a line of a list of customers names nobody."""

    NOBODY = "nobody", _("no customer has this")
    SEVERAL = "several", _("several customers have this")
    LOSS = "loss", _("the loss is not an amount")
