"""One remedy for all customers of an incident: what is proposed, who approved it, and who has got theirs."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.states import Role
from cases.models import Incident
from common.choices import QuickLabels
from common.money import AmountField, CurrencyField
from compensation.models.budget import Budget
from compensation.models.kind import LONGEST_CODE, OfKind
from compensation.states import Basis, Decision, RemedyState, ShareState
from customers.models import Customer


class Remedy(OfKind, QuickLabels, models.Model):
    """What every affected customer gets, decided once on the total.

    Who gets how much is fixed in the shares when it is proposed, so that what runs is what was approved.
    `rules` is the table of amounts (`remedy_rules.kept_rules`), empty where the policies in force gave them;
    `held` is what its budget still sets aside for shares to come.

    `asked_at` is since when it waits for its decision: when it was proposed, or a question about it answered.
    `due_at` is by when that decision is expected, and `next_alert_at` when the next level is told of it.
    """

    incident = models.ForeignKey(
        Incident, models.PROTECT, related_name="remedies", verbose_name=_("incident")
    )
    kind = models.CharField(_("kind"), max_length=LONGEST_CODE)
    basis = models.CharField(_("basis"), max_length=9, choices=Basis, default=Basis.GOODWILL)
    rules = models.JSONField(_("amounts"))
    # What the policies in force said to somebody when it was proposed.
    policy_rules = models.JSONField(_("rules that applied"), default=list, db_default=[], blank=True)
    policy_facts = models.JSONField(_("facts given for the policy"), default=dict, db_default={}, blank=True)
    deviation_reason = models.CharField(
        _("why it leaves the policy"), max_length=500, blank=True, default="", db_default=""
    )
    currency = CurrencyField(verbose_name=_("currency"))
    total = AmountField(verbose_name=_("total"))
    held = AmountField(verbose_name=_("set aside"), default=0)
    purpose = models.CharField(_("what it is for"), max_length=160)
    reason = models.CharField(_("reason"), max_length=500)
    tell_customers = models.BooleanField(_("tell each customer by e-mail"), default=True)
    state = models.CharField(_("state"), max_length=9, choices=RemedyState, default=RemedyState.WAITING)
    proposer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(_("proposed"), default=timezone.now)
    asked_role = models.CharField(_("asked"), max_length=12, choices=Role, blank=True)
    asked_at = models.DateTimeField(_("waiting since"), null=True, blank=True)
    due_at = models.DateTimeField(_("answer due"), null=True, blank=True)
    next_alert_at = models.DateTimeField(null=True, blank=True, editable=False)
    alerted_level = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    recall_reason = models.CharField(
        _("why it was recalled"), max_length=500, blank=True, default="", db_default=""
    )
    budget = models.ForeignKey(
        Budget, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("budget")
    )
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("started by"),
    )
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        verbose_name = _("remedy")
        verbose_name_plural = _("remedies")
        ordering = ("id",)
        indexes = (
            models.Index(
                fields=("id",), name="compensation_remedy_running", condition=models.Q(state="running")
            ),
            models.Index(
                fields=("proposed_at", "id"),
                name="compensation_remedy_waiting",
                condition=models.Q(state="waiting"),
            ),
            models.Index(
                fields=("next_alert_at", "id"),
                name="compensation_remedy_alert",
                condition=models.Q(state="waiting", next_alert_at__isnull=False),
            ),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("incident",),
                name="compensation_remedy_one_at_a_time",
                condition=models.Q(state__in=("waiting", "returned", "approved", "running", "paused")),
            ),
            models.CheckConstraint(condition=models.Q(total__gt=0), name="compensation_remedy_above_zero"),
            models.CheckConstraint(
                condition=models.Q(held__gte=0, held__lte=models.F("total")),
                name="compensation_remedy_holds_no_more_than_its_total",
            ),
            models.CheckConstraint(
                condition=~models.Q(state__in=("running", "paused", "done"))
                | models.Q(started_at__isnull=False, started_by__isnull=False),
                name="compensation_remedy_run_has_start",
            ),
            models.CheckConstraint(
                condition=models.Q(state="cancelled") | models.Q(recall_reason=""),
                name="compensation_remedy_recalled_is_over",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.total} {self.currency}"

    @property
    def stream(self) -> str:
        """The name of this remedy's audit stream."""
        return f"remedy:{self.pk}"


class RemedyQuestion(models.Model):
    """What somebody who should decide wants to know first: the remedy goes back, and comes again answered."""

    remedy = models.ForeignKey(Remedy, models.PROTECT, related_name="questions", verbose_name=_("remedy"))
    text = models.CharField(_("question"), max_length=500)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("asked by")
    )
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    answer = models.CharField(_("answer"), max_length=500, blank=True, default="", db_default="")
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    class Meta:
        verbose_name = _("question about a remedy")
        verbose_name_plural = _("questions about remedies")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("remedy",),
                name="compensation_remedy_one_question_at_a_time",
                condition=models.Q(answer=""),
            ),
            models.CheckConstraint(condition=~models.Q(text=""), name="compensation_remedy_question_asks"),
            models.CheckConstraint(
                condition=models.Q(answer="", answered_at__isnull=True)
                | ~models.Q(answer="") & models.Q(answered_at__isnull=False),
                name="compensation_remedy_question_answered_once",
            ),
        )

    def __str__(self) -> str:
        return self.text


class RemedyApproval(QuickLabels, models.Model):
    """The one decision on the total of a remedy, by someone else than its proposer. Rows are append-only.

    With `on_behalf_of` the authority was that person's.
    """

    remedy = models.OneToOneField(Remedy, models.PROTECT, related_name="approval", verbose_name=_("remedy"))
    proposer = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("decided by")
    )
    on_behalf_of = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("on behalf of"),
    )
    decision = models.CharField(_("decision"), max_length=8, choices=Decision)
    amount = AmountField(verbose_name=_("total"))
    limit = AmountField(verbose_name=_("authority"))
    reason = models.CharField(_("reason"), max_length=500)
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("approval of a remedy")
        verbose_name_plural = _("approvals of remedies")
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(approver=models.F("proposer")),
                name="compensation_remedy_four_eyes",
            ),
            models.CheckConstraint(
                condition=models.Q(on_behalf_of__isnull=True)
                | ~models.Q(on_behalf_of=models.F("approver")) & ~models.Q(on_behalf_of=models.F("proposer")),
                name="compensation_remedy_on_behalf_of_another",
            ),
            models.CheckConstraint(
                condition=models.Q(decision="rejected") | models.Q(amount__lte=models.F("limit")),
                name="compensation_remedy_within_limit",
            ),
            models.CheckConstraint(
                condition=~models.Q(reason=""), name="compensation_remedy_decision_has_reason"
            ),
        )

    def __str__(self) -> str:
        return f"{self.decision} {self.remedy_id}"


class RemedyShare(QuickLabels, models.Model):
    """One customer's share of a remedy: the work list of its run, and who got what in the end."""

    remedy = models.ForeignKey(
        Remedy, models.PROTECT, related_name="shares", verbose_name=_("remedy"), db_index=False
    )
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="+", verbose_name=_("customer"))
    amount = AmountField(verbose_name=_("amount"))
    state = models.CharField(_("state"), max_length=8, choices=ShareState, default=ShareState.DUE)
    problem = models.CharField(_("problem"), max_length=20, blank=True)
    offer = models.OneToOneField(
        "compensation.Offer",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="share",
        verbose_name=_("offer"),
    )
    done_at = models.DateTimeField(_("done"), null=True, blank=True)

    class Meta:
        verbose_name = _("share of a remedy")
        verbose_name_plural = _("shares of remedies")
        ordering = ("id",)
        indexes = (
            models.Index(
                fields=("remedy", "id"), name="compensation_share_due", condition=models.Q(state="due")
            ),
            models.Index(fields=("remedy", "done_at"), name="compensation_share_done"),
        )
        constraints = (
            models.UniqueConstraint(fields=("remedy", "customer"), name="compensation_share_once"),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="compensation_share_above_zero"),
            models.CheckConstraint(
                condition=models.Q(state="granted", offer__isnull=False, done_at__isnull=False)
                | (~models.Q(state="granted") & models.Q(offer__isnull=True)),
                name="compensation_granted_share_has_offer",
            ),
        )

    def __str__(self) -> str:
        return f"{self.remedy_id} {self.customer_id}"
