"""States and kinds of an offer, a decision and a budget movement."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class OfferState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    WAITING = "waiting", _("Waiting for approval")
    APPROVED = "approved", _("Approved")
    OFFERED = "offered", _("Offered to the customer")
    ACCEPTED = "accepted", _("Accepted by the customer")
    DECLINED = "declined", _("Declined by the customer")
    COUNTERED = "countered", _("Customer asked for something else")
    EXPIRED = "expired", _("Expired")
    REJECTED = "rejected", _("Rejected")
    CANCELLED = "cancelled", _("Withdrawn")
    FULFILLED = "fulfilled", _("Fulfilled")
    FAILED = "failed", _("Did not arrive")
    CLAWED_BACK = "clawed_back", _("Clawed back")


# Which state may follow which. A trigger of the database holds the same, see `compensation_offer_moves`.
TRANSITIONS: dict[OfferState, frozenset[OfferState]] = {
    OfferState.DRAFT: frozenset({OfferState.WAITING, OfferState.APPROVED, OfferState.CANCELLED}),
    OfferState.WAITING: frozenset(
        {OfferState.APPROVED, OfferState.REJECTED, OfferState.DRAFT, OfferState.CANCELLED}
    ),
    OfferState.APPROVED: frozenset(
        {OfferState.OFFERED, OfferState.FULFILLED, OfferState.FAILED, OfferState.CANCELLED}
    ),
    OfferState.OFFERED: frozenset(
        {
            OfferState.ACCEPTED,
            OfferState.DECLINED,
            OfferState.COUNTERED,
            OfferState.EXPIRED,
            OfferState.CANCELLED,
        }
    ),
    OfferState.ACCEPTED: frozenset({OfferState.FULFILLED, OfferState.FAILED, OfferState.CANCELLED}),
    OfferState.FAILED: frozenset({OfferState.FULFILLED, OfferState.FAILED, OfferState.CANCELLED}),
    OfferState.FULFILLED: frozenset({OfferState.CLAWED_BACK}),
    OfferState.DECLINED: frozenset(),
    OfferState.COUNTERED: frozenset(),
    OfferState.EXPIRED: frozenset(),
    OfferState.REJECTED: frozenset(),
    OfferState.CANCELLED: frozenset(),
    OfferState.CLAWED_BACK: frozenset(),
}

# Offers in these states have money of a budget set aside for them.
HOLDING = (OfferState.APPROVED, OfferState.OFFERED, OfferState.ACCEPTED, OfferState.FAILED)
# Granted and neither given back nor declined: set aside or spent. The indexes and triggers name the same.
GRANTED = (*HOLDING, OfferState.FULFILLED)
# Somebody still has something to do about these before the case can be closed.
OUTSTANDING = (OfferState.DRAFT, OfferState.WAITING, *HOLDING)
# What the customer was told they get, and has not got.
PROMISED = (OfferState.APPROVED, OfferState.ACCEPTED, OfferState.FAILED)


class AnswerKind(models.TextChoices):
    """What a customer says to an offer."""

    ACCEPTED = "accepted", _("accepts")
    DECLINED = "declined", _("declines")
    COUNTERED = "countered", _("asks for something else")


class AnswerChannel(models.TextChoices):
    """How the customer's answer reached us."""

    PHONE = "phone", _("by phone")
    EMAIL = "email", _("by e-mail")
    COUNTER = "counter", _("at the counter")


class SetbackKind(models.TextChoices):
    """What went wrong with a compensation after it was granted."""

    FAILED = "failed", _("did not arrive")
    CLAWED_BACK = "clawed_back", _("clawed back")


class PromiseState(models.TextChoices):
    """How the promise of a granted compensation stands."""

    OPEN = "open", _("promised")
    OVERDUE = "overdue", _("overdue")
    KEPT = "kept", _("kept")
    LATE = "late", _("arrived late")


class OfferKind(models.TextChoices):
    """The kinds that every installation has; it may add its own, see `compensation.models.kind`."""

    REFUND = "refund", _("Refund")
    COMPENSATION = "compensation", _("Compensation payment")
    VOUCHER = "voucher", _("Voucher")
    DISCOUNT = "discount", _("Discount")
    FREE_SERVICE = "free_service", _("Free service")
    UPGRADE = "upgrade", _("Upgrade")
    POINTS = "points", _("Points or miles")
    HOTEL = "hotel", _("Hotel")
    MEAL = "meal", _("Meal")
    GIFT = "gift", _("Gift")
    REPLACEMENT = "replacement", _("Goods or replacement")
    LETTER = "letter", _("Letter of apology")


class Basis(models.TextChoices):
    GOODWILL = "goodwill", _("Goodwill")
    LIABILITY = "liability", _("Liability")


class Decision(models.TextChoices):
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")


class StepState(models.TextChoices):
    """How one of the decisions stands that a waiting offer needs."""

    PLANNED = "planned", _("Not asked yet")
    OPEN = "open", _("Waiting")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    RETURNED = "returned", _("Returned with a question")
    DROPPED = "dropped", _("Not needed any more")


# Somebody has decided these.
DECIDED_STEPS = (StepState.APPROVED, StepState.REJECTED, StepState.RETURNED)
# These still want a decision.
UNDECIDED_STEPS = (StepState.PLANNED, StepState.OPEN)


class Movement(models.TextChoices):
    RESERVE = "reserve", _("Reserved")
    COMMIT = "commit", _("Committed")
    RELEASE = "release", _("Released")
    CLAW_BACK = "claw_back", _("Clawed back")
    REDUCE = "reduce", _("Reserved less")
    ALLOT = "allot", _("Set aside")
    RAISE = "raise", _("Raised")
    LOWER = "lower", _("Lowered")
    CARRY_IN = "carry_in", _("Carried over from the period before")
    CARRY_OUT = "carry_out", _("Carried over to the next period")
    HOLD = "hold", _("Reserved for a remedy")
    PASS_ON = "pass_on", _("Passed on to its offers, or given back")


class FulfilmentMethod(models.TextChoices):
    ORIGINAL_PAYMENT = "original_payment", _("Back to the original means of payment")
    BANK_TRANSFER = "bank_transfer", _("Bank transfer")
    CASH = "cash", _("Cash")
    CODE_SENT = "code_sent", _("Code sent")
    HANDED_OVER = "handed_over", _("Handed over")
    BOOKED = "booked", _("Booked")
    CREDITED = "credited", _("Credited to the account")
    SHIPPED = "shipped", _("Sent by post or courier")
    MESSAGE_SENT = "message_sent", _("Sent as a message")


# Ways of fulfilling that leave a number behind, which is the proof that the money went out.
NEEDS_REFERENCE = frozenset(
    {
        FulfilmentMethod.ORIGINAL_PAYMENT,
        FulfilmentMethod.BANK_TRANSFER,
        FulfilmentMethod.CODE_SENT,
        FulfilmentMethod.BOOKED,
        FulfilmentMethod.SHIPPED,
    }
)


class Need(models.TextChoices):
    """What it takes to bring a kind of offer to the customer."""

    PAYMENT = "payment", _("a payment: to the original means of payment or an account")
    CODE = "code", _("a code that is sent or handed over")
    BOOKING = "booking", _("a booking")
    RECEIPT = "receipt", _("a receipt to refund, or a booking")
    SHIPMENT = "shipment", _("something to send or hand over")
    CREDIT = "credit", _("a credit to the customer's account")
    LETTER = "letter", _("a letter")


# The ways of fulfilling that meet each need, the usual one first.
METHODS: dict[Need, tuple[FulfilmentMethod, ...]] = {
    Need.PAYMENT: (
        FulfilmentMethod.ORIGINAL_PAYMENT,
        FulfilmentMethod.BANK_TRANSFER,
        FulfilmentMethod.CASH,
        FulfilmentMethod.CREDITED,
    ),
    Need.CODE: (FulfilmentMethod.CODE_SENT, FulfilmentMethod.HANDED_OVER, FulfilmentMethod.CREDITED),
    Need.BOOKING: (FulfilmentMethod.BOOKED, FulfilmentMethod.HANDED_OVER),
    Need.RECEIPT: (
        FulfilmentMethod.BOOKED,
        FulfilmentMethod.BANK_TRANSFER,
        FulfilmentMethod.CASH,
        FulfilmentMethod.HANDED_OVER,
    ),
    Need.SHIPMENT: (FulfilmentMethod.SHIPPED, FulfilmentMethod.HANDED_OVER),
    Need.CREDIT: (FulfilmentMethod.CREDITED,),
    Need.LETTER: (FulfilmentMethod.SHIPPED, FulfilmentMethod.HANDED_OVER, FulfilmentMethod.MESSAGE_SENT),
}


# What is brought in these ways moves no money, so that a kind that gives regard may cost nothing.
MAY_COST_NOTHING = frozenset({Need.LETTER, Need.SHIPMENT, Need.BOOKING})


class Dose(models.TextChoices):
    """Compensation ÷ loss in bins, cut where research finds that the effect changes."""

    NONE = "none", _("nothing")
    LOW = "low", _("below 60% of the loss")
    EFFECTIVE = "effective", _("60–120% of the loss")
    GENEROUS = "generous", _("120–150% of the loss")
    EXCESS = "excess", _("above 150% of the loss")


DOSE_NOTES = {
    Dose.NONE: _("Without compensation a loss stays a loss, however well it is explained."),
    Dose.LOW: _("Little effect yet: satisfaction rises steepest from 60% of the loss on."),
    Dose.EFFECTIVE: _("Where compensation works best: satisfaction rises steepest here."),
    Dose.GENEROUS: _("Still adds something, but less and less."),
    Dose.EXCESS: _("More than this adds hardly anything: gains stop near 150% of the loss."),
}
DOSE_SOURCE = "Gelbrich, Gäthke & Grégoire 2015; Haesevoets et al. 2017"


class RemedyClass(models.TextChoices):
    """What a remedy gives back: something of worth, or regard."""

    WORTH = "worth", _("worth")
    REGARD = "regard", _("regard")


MATCH_NOTE = _(
    "This was a failure of process. Money alone does not mend it: "
    "an apology and our own initiative weigh more."
)
MATCH_SOURCE = "Smith, Bolton & Wagner 1999"


# What each movement does to the three balances of a budget: its amount, what is reserved, what is committed.
EFFECTS: dict[Movement, tuple[int, int, int]] = {
    Movement.ALLOT: (1, 0, 0),
    Movement.RAISE: (1, 0, 0),
    Movement.LOWER: (-1, 0, 0),
    Movement.CARRY_IN: (1, 0, 0),
    Movement.CARRY_OUT: (-1, 0, 0),
    Movement.RESERVE: (0, 1, 0),
    Movement.REDUCE: (0, -1, 0),
    Movement.RELEASE: (0, -1, 0),
    Movement.COMMIT: (0, -1, 1),
    Movement.CLAW_BACK: (0, 0, -1),
    Movement.HOLD: (0, 1, 0),
    Movement.PASS_ON: (0, -1, 0),
}
# The movements that an offer makes; the others are the budget's own.
OF_OFFERS = (
    Movement.RESERVE,
    Movement.REDUCE,
    Movement.RELEASE,
    Movement.COMMIT,
    Movement.CLAW_BACK,
)


class ReserveAt(models.TextChoices):
    """When money is set aside for an offer that somebody has to approve."""

    APPROVAL = "approval", _("When it is approved")
    PROPOSAL = "proposal", _("When it is proposed")


class VoucherState(models.TextChoices):
    """What is kept of a voucher's state; that it has expired is read off the clock."""

    ACTIVE = "active", _("Valid")
    REDEEMED = "redeemed", _("Redeemed")
    VOID = "void", _("Void")


class VoucherStanding(models.TextChoices):
    """How a voucher stands at a moment."""

    VALID = "valid", _("Valid")
    PARTLY = "partly", _("Partly redeemed")
    REDEEMED = "redeemed", _("Redeemed")
    EXPIRED = "expired", _("Expired")
    VOID = "void", _("Void")


class RemedyState(models.TextChoices):
    """Where one remedy for all customers of an incident stands."""

    WAITING = "waiting", _("Waiting for approval")
    RETURNED = "returned", _("Returned with a question")
    APPROVED = "approved", _("Approved")
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    DONE = "done", _("Done")
    REJECTED = "rejected", _("Rejected")
    CANCELLED = "cancelled", pgettext_lazy("remedy", "Stopped")


REMEDY_TRANSITIONS: dict[RemedyState, frozenset[RemedyState]] = {
    RemedyState.WAITING: frozenset(
        {RemedyState.APPROVED, RemedyState.REJECTED, RemedyState.RETURNED, RemedyState.CANCELLED}
    ),
    RemedyState.RETURNED: frozenset({RemedyState.WAITING, RemedyState.CANCELLED}),
    RemedyState.APPROVED: frozenset({RemedyState.RUNNING, RemedyState.CANCELLED}),
    RemedyState.RUNNING: frozenset({RemedyState.PAUSED, RemedyState.DONE, RemedyState.CANCELLED}),
    RemedyState.PAUSED: frozenset({RemedyState.RUNNING, RemedyState.DONE, RemedyState.CANCELLED}),
    RemedyState.DONE: frozenset(),
    RemedyState.REJECTED: frozenset(),
    RemedyState.CANCELLED: frozenset(),
}

# While one of these is so, an incident takes no other remedy.
REMEDY_GOING_ON = frozenset(state for state, after in REMEDY_TRANSITIONS.items() if after)


class ShareState(models.TextChoices):
    """What became of one customer's share of a remedy."""

    DUE = "due", _("To do")
    GRANTED = "granted", _("Granted")
    FAILED = "failed", _("Failed")
    LEFT_OUT = "left_out", _("Left out")


class ShareProblem(models.TextChoices):
    """Why a customer did not get their share of a remedy."""

    EXCLUDED = "excluded", _("left out of the incident")
    RESOLVED = "resolved", _("the case is resolved: reopen it, or part it from the incident")
    CURRENCY = "currency", _("the case is in another currency: part it from the incident")
    REFUSED = "refused", _("the database refused it")
    VOUCHER = "voucher", _("granted, but the voucher could not be issued: issue it on the case")


class PolicyState(models.TextChoices):
    """A draft can be edited; once in force a version never changes, it only ends."""

    DRAFT = "draft", _("Draft")
    IN_FORCE = "in_force", _("In force")
    RETIRED = "retired", _("Retired")


class PolicyEvent(models.TextChoices):
    """What happened, in the words of the laws that owe something for it."""

    DELAY = "delay", _("Delay")
    CANCELLATION = "cancellation", _("Cancellation")
    DENIED_BOARDING = "denied_boarding", _("Denied boarding")
    REFUND_DUE = "refund_due", _("Refund due")
    FRAUD = "fraud", _("Fraud, established")
    OTHER = "other", _("None of these")


class PaidBy(models.TextChoices):
    CARD = "card", _("Card")
    OTHER = "other", _("Cash or other means")


class Inside(models.TextChoices):
    """Whether all of it took place inside the jurisdiction: an intra-EU or a domestic flight."""

    YES = "yes", _("yes")
    NO = "no", _("no")


class LinkState(models.TextChoices):
    """What came of opening a link to a decision."""

    OPENED = "opened", _("Opened")
    USED = "used", _("This link has been used already. What waits for you is here.")
    EXPIRED = "expired", _("This link has expired. What waits for you is here.")
    OTHERS = "others", _("This link is for somebody else. What waits for you is here.")
    UNKNOWN = "unknown", _("This link is not valid. What waits for you is here.")
