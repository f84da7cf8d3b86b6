"""Offers of compensation, who decided on them, and what customers answered."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from cases.models import Case
from common.choices import QuickLabels
from common.money import AmountField, CurrencyField
from compensation.models.budget import Budget
from compensation.models.kind import LONGEST_CODE, OfKind
from compensation.states import (
    GRANTED,
    HOLDING,
    AnswerChannel,
    AnswerKind,
    Basis,
    Decision,
    OfferState,
)

# As the database writes them down, for the conditions of its indexes.
_GRANTED = tuple(str(state.value) for state in GRANTED)
_HOLDING = tuple(str(state.value) for state in HOLDING)


class Offer(OfKind, QuickLabels, models.Model):
    """A proposed compensation. `granted_amount` is what was approved, which may be less than proposed.

    `within_authority` says that the proposer's own authority covered it, so that nobody else had to decide.
    `like_key` names what the case was about when the offer was granted, so that an index finds like cases; a
    trigger fills it, for loaders as for actions. `parent` is the offer that the customer answered with a wish
    of their own, which this one takes up. `round` counts how often it was proposed: an offer that was
    recalled, or returned with a question, is a draft again and is proposed once more.

    `team` is that of the proposer in this branch when it was proposed: its budget pays before the branch's.
    What a remedy grants has none, for an incident is the branch's.

    `risk_at` is when the first deadline behind a waiting offer passes: the case's next clock. Triggers keep
    it, for the inbox is sorted by it.

    A compensation granted is a promise: `due_at` says by when it should arrive, and is empty while the
    customer has to answer, by `expires_at`. `next_reminder_at` is when the next level is reminded of
    it.
    """

    case = models.ForeignKey(Case, models.PROTECT, related_name="offers", verbose_name=_("case"))
    branch = models.ForeignKey("accounts.Branch", models.PROTECT, related_name="+", verbose_name=_("branch"))
    kind = models.CharField(_("kind"), max_length=LONGEST_CODE)
    basis = models.CharField(_("basis"), max_length=9, choices=Basis, default=Basis.GOODWILL)
    amount = AmountField(verbose_name=_("amount"))
    granted_amount = AmountField(verbose_name=_("granted"), null=True, blank=True)
    # Of a voucher that was partly redeemed: `granted_amount` is what was redeemed, and this came back.
    taken_back = AmountField(verbose_name=_("taken back"), default=0, db_default=0)
    currency = CurrencyField(verbose_name=_("currency"))
    purpose = models.CharField(_("what it is for"), max_length=160)
    reason = models.CharField(_("reason"), max_length=500)
    state = models.CharField(_("state"), max_length=11, choices=OfferState, default=OfferState.WAITING)
    proposer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="+",
        verbose_name=_("proposed by"),
        db_index=False,
    )
    team = models.ForeignKey(
        "accounts.Team",
        models.PROTECT,
        null=True,
        blank=True,
        db_constraint=False,  # as of budgets: it is of the branch
        db_index=False,  # teams are few, and never removed once they are used
        related_name="+",
        verbose_name=_("team"),
    )
    proposed_at = models.DateTimeField(_("proposed"), default=timezone.now)
    within_authority = models.BooleanField(_("within the proposer's authority"), default=False)
    # The role whose step is the first of those that are open, and the other roles of open steps; triggers
    # keep the latter, for the inbox finds by them what it shows.
    asked_role = models.CharField(_("asked"), max_length=12, blank=True)
    asked_beside = ArrayField(
        models.CharField(max_length=12), default=list, db_default=[], blank=True, editable=False
    )
    round = models.PositiveSmallIntegerField(_("round"), default=1, db_default=1)
    route = models.ForeignKey(
        "compensation.ApprovalRoute",
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,  # routes are few, and never removed once they are used
        related_name="offers",
        verbose_name=_("approval route"),
    )
    budget = models.ForeignKey(
        Budget, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("budget")
    )
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="counters", verbose_name=_("in answer to")
    )
    offered_at = models.DateTimeField(_("offered to the customer"), null=True, blank=True)
    expires_at = models.DateTimeField(_("answer due"), null=True, blank=True)
    due_at = models.DateTimeField(_("promised by"), null=True, blank=True)
    reminded_level = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    next_reminder_at = models.DateTimeField(null=True, blank=True, editable=False)
    remedy = models.ForeignKey(
        "compensation.Remedy",
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,  # its shares lead to its offers
        related_name="offers",
        verbose_name=_("remedy of an incident"),
    )
    # What the policies in force said: their range for the whole case, by which rules, for which facts.
    policy_low = AmountField(verbose_name=_("policy’s minimum"), null=True, blank=True)
    policy_high = AmountField(verbose_name=_("policy’s maximum"), null=True, blank=True)
    policy_rules = models.JSONField(_("rules that applied"), default=list, db_default=[], blank=True)
    policy_facts = models.JSONField(_("facts given for the policy"), default=dict, db_default={}, blank=True)
    deviation_reason = models.CharField(
        _("why it leaves the policy"), max_length=500, blank=True, default="", db_default=""
    )
    like_key = models.CharField(max_length=60, blank=True, default="", db_default="", editable=False)
    risk_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        ordering = ("id",)
        indexes = (
            models.Index(
                fields=("proposed_at", "id"),
                name="compensation_offer_waiting",
                condition=models.Q(state="waiting"),
            ),
            # The inbox: what asks for the reader's role, and then all else that waits.
            models.Index(
                fields=("asked_role", "risk_at", "id"),
                name="compensation_offer_asked",
                condition=models.Q(state="waiting"),
                include=("branch", "proposer"),
            ),
            models.Index(
                fields=("risk_at", "id"),
                name="compensation_offer_beside",
                condition=models.Q(state="waiting") & ~models.Q(asked_beside=[]),
            ),
            models.Index(
                fields=("risk_at", "id"),
                name="compensation_offer_risk",
                condition=models.Q(state="waiting"),
                include=("branch", "proposer", "asked_role"),
            ),
            models.Index(
                fields=("decided_at",),
                name="compensation_offer_grants",
                condition=models.Q(state__in=_GRANTED),
                include=("case", "branch", "granted_amount", "currency", "within_authority"),
            ),
            models.Index(fields=("proposer", "decided_at"), name="compensation_offer_proposer"),
            models.Index(
                fields=("like_key", "-decided_at"),
                name="compensation_offer_likes",
                condition=models.Q(state__in=_GRANTED),
                include=("granted_amount", "case"),
            ),
            # Whatever became of it since: what internal audit draws from must stay the same.
            models.Index(
                fields=("currency", "decided_at"),
                name="compensation_offer_ever",
                condition=models.Q(granted_amount__isnull=False),
                include=("id", "branch", "granted_amount"),
            ),
            models.Index(
                fields=("expires_at", "id"),
                name="compensation_offer_expiring",
                condition=models.Q(state="offered"),
            ),
            models.Index(
                fields=("next_reminder_at", "id"),
                name="compensation_promise_due",
                condition=models.Q(next_reminder_at__isnull=False),
            ),
            # Granted and not with the customer yet: few at any time, of many that arrived long ago.
            models.Index(
                fields=("decided_at", "id"),
                name="compensation_outstanding",
                condition=models.Q(state__in=_HOLDING),
            ),
            # Granted by a remedy, and not yet issued or paid.
            models.Index(
                fields=("kind", "id"),
                name="compensation_of_remedy",
                condition=models.Q(state="approved", remedy__isnull=False),
            ),
            models.Index(
                fields=("due_at", "id"),
                name="compensation_promised_by",
                condition=models.Q(due_at__isnull=False),
            ),
        )
        constraints = (
            # What costs nothing is granted at once, or not at all: there is nothing to decide or set aside.
            models.CheckConstraint(
                condition=models.Q(amount__gt=0)
                | models.Q(amount=0, budget__isnull=True)
                & (models.Q(within_authority=True) | models.Q(state__in=("draft", "cancelled"))),
                name="compensation_offer_never_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(granted_amount__isnull=True)
                | models.Q(
                    granted_amount__gt=0, granted_amount__lte=models.F("amount") - models.F("taken_back")
                )
                | models.Q(granted_amount=0, amount=0),
                name="compensation_granted_no_more_than_asked",
            ),
            models.CheckConstraint(
                condition=models.Q(taken_back=0) | models.Q(taken_back__gt=0, state="fulfilled"),
                name="compensation_taken_back_of_fulfilled",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=_GRANTED)
                | models.Q(granted_amount__isnull=False, decided_at__isnull=False),
                name="compensation_granted_offer_is_complete",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="offered")
                | models.Q(offered_at__isnull=False, expires_at__isnull=False),
                name="compensation_offered_has_an_end",
            ),
            models.CheckConstraint(
                condition=models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=models.F("offered_at")),
                name="compensation_offer_open_for_a_while",
            ),
            models.CheckConstraint(
                condition=~models.Q(parent=models.F("id")), name="compensation_offer_answers_another"
            ),
            models.CheckConstraint(
                condition=models.Q(within_authority=False) | models.Q(deviation_reason=""),
                name="compensation_nobody_leaves_policy_alone",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.amount} {self.currency}"

    @property
    def standing_amount(self) -> Decimal:
        """What was granted, or while nobody has decided, what is asked."""
        return self.granted_amount if self.granted_amount is not None else self.amount

    @property
    def is_free(self) -> bool:
        """Whether it costs nothing, as a letter of apology may."""
        return not self.standing_amount

    @property
    def is_lowered(self) -> bool:
        """Whether less was granted than asked."""
        return self.granted_amount is not None and self.granted_amount + self.taken_back < self.amount


class Approval(QuickLabels, models.Model):
    """The final decision on an offer, by someone who is not the proposer: that of its last step, or a no.

    `proposer` repeats the offer's, so that a constraint holds the two apart; `limit` is the highest authority
    among those who approved its steps, which a trigger checks against the table of authorities. Rows are
    append-only.
    """

    offer = models.OneToOneField(Offer, models.PROTECT, related_name="approval", verbose_name=_("offer"))
    proposer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("decided by")
    )
    decision = models.CharField(_("decision"), max_length=8, choices=Decision)
    amount = AmountField(verbose_name=_("amount"), null=True, blank=True)
    limit = AmountField(verbose_name=_("authority"))
    reason = models.CharField(_("reason"), max_length=500)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        ordering = ("id",)
        indexes = (models.Index(fields=("at",), name="compensation_approval_at"),)
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(approver=models.F("proposer")),
                name="compensation_nobody_approves_their_own",
            ),
            models.CheckConstraint(
                condition=models.Q(decision="rejected")
                | models.Q(amount__isnull=False, amount__gt=0, amount__lte=models.F("limit")),
                name="compensation_approval_within_limit",
            ),
            models.CheckConstraint(condition=~models.Q(reason=""), name="compensation_decision_has_reason"),
        )

    def __str__(self) -> str:
        return f"{self.decision} {self.offer_id}"


class Answer(OfKind, QuickLabels, models.Model):
    """What the customer said to an offer, in their words where staff kept them. Rows are append-only.

    `amount` and `kind` are what a counter-proposal wished for; `recorded_by` is empty where the customer
    answered without staff.
    """

    offer = models.OneToOneField(Offer, models.PROTECT, related_name="answer", verbose_name=_("offer"))
    answer = models.CharField(_("answer"), max_length=9, choices=AnswerKind)
    channel = models.CharField(_("how"), max_length=8, choices=AnswerChannel)
    words = models.CharField(_("in the customer's words"), max_length=500, blank=True)
    amount = AmountField(verbose_name=_("amount wished for"), null=True, blank=True)
    kind = models.CharField(_("kind wished for"), max_length=LONGEST_CODE, blank=True)
    at = models.DateTimeField(_("at"), default=timezone.now)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("recorded by"),
    )

    class Meta:
        verbose_name = _("customer's answer")
        verbose_name_plural = _("customers' answers")
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(answer="countered") | models.Q(amount__gte=0) & ~models.Q(kind=""),
                name="compensation_counter_says_what",
            ),
        )

    def __str__(self) -> str:
        return f"{self.answer} {self.offer_id}"
