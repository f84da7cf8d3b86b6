"""Budgets and the append-only movements that their balances are made of."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Branch, Team
from common.money import AmountField, CurrencyField
from compensation.models.kind import LONGEST_CODE, OfKind
from compensation.states import OF_OFFERS, Movement, ReserveAt


def usual_warnings() -> list[int]:
    """The shares, in percent, at which managers are told how much of a budget is used."""
    return [80, 100]


class Budget(OfKind, models.Model):
    """Money set aside for a period; a constraint refuses to reserve more than there is.

    A budget of a branch pays for what is granted there, one for a `kind` before the one for all kinds, and
    before both those of the `team` whose people proposed it. A budget without a branch has a `name` and
    stands above others: what is reserved on a budget is reserved on its `parent` and on all above, and each
    has its own stop. `overdraft` is the share of the amount that may be spent beyond it, with the approval of
    one level up: 0 is a hard stop. A closed budget takes no more.
    """

    branch = models.ForeignKey(
        Branch,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("branch"),
        db_index=False,
    )
    # A constraint of the database refers to the team and the branch as one.
    team = models.ForeignKey(
        Team,
        models.PROTECT,
        null=True,
        blank=True,
        db_constraint=False,
        related_name="+",
        verbose_name=_("team"),
    )
    name = models.CharField(_("name"), max_length=80, blank=True, default="")
    kind = models.CharField(_("kind"), max_length=LONGEST_CODE, blank=True, default="")
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("part of")
    )
    currency = CurrencyField(verbose_name=_("currency"))
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("to"))
    amount = AmountField(verbose_name=_("amount"))
    reserved = AmountField(verbose_name=_("reserved"), default=0)
    committed = AmountField(verbose_name=_("committed"), default=0)
    reserve_at = models.CharField(
        _("money is set aside"), max_length=8, choices=ReserveAt, default=ReserveAt.APPROVAL
    )
    overdraft = models.DecimalField(_("overdraft"), max_digits=4, decimal_places=3, default=0)
    carries_over = models.BooleanField(_("carries over"), default=False)
    warn_at = ArrayField(
        models.PositiveSmallIntegerField(), verbose_name=_("warn at"), default=usual_warnings
    )
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        ordering = ("-starts_on", "branch")
        constraints = (
            models.UniqueConstraint(
                fields=("branch", "team", "name", "kind", "currency", "starts_on"),
                name="compensation_budget_once",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=models.Q(
                    amount__gte=models.F("reserved")
                    + models.F("committed")
                    - models.F("amount") * models.F("overdraft")
                ),
                name="compensation_budget_never_overspent",
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gte=0, reserved__gte=0, committed__gte=0),
                name="compensation_budget_not_negative",
            ),
            models.CheckConstraint(
                condition=models.Q(overdraft__gte=0, overdraft__lte=1), name="compensation_budget_overdraft"
            ),
            models.CheckConstraint(
                condition=models.Q(ends_on__gte=models.F("starts_on")), name="compensation_budget_period"
            ),
            models.CheckConstraint(
                condition=models.Q(branch__isnull=False, name="")
                | models.Q(branch__isnull=True, team__isnull=True, kind="") & ~models.Q(name=""),
                name="compensation_budget_of_branch_or_named",
            ),
        )

    def __str__(self) -> str:
        return f"{self.name or self.branch_id} {self.starts_on} {self.currency}"

    @property
    def label(self) -> str:
        """Whose money it is, in the reader's language."""
        if self.branch is None:
            return self.name
        parts = [self.branch.label]
        if self.team is not None:
            parts.append(self.team.label)
        if self.kind:
            parts.append(self.get_kind_display())
        return " · ".join(parts)

    @property
    def used(self) -> Decimal:
        return self.reserved + self.committed

    @property
    def left(self) -> Decimal:
        """What is left of the amount; below zero within an overdraft."""
        return self.amount - self.used

    @property
    def room(self) -> Decimal:
        """What can still be reserved at the utmost, the overdraft included."""
        return self.left + self.amount * self.overdraft

    @property
    def available(self) -> Decimal:
        """What is left here and on every level above, without any overdraft."""
        return min((level.left for level in self.chain), default=self.left)

    @property
    def most(self) -> Decimal:
        """The most that can be reserved now, with every overdraft; nothing once a level is closed."""
        if any(level.closed_at for level in self.chain):
            return Decimal(0)
        return min(level.room for level in self.chain)

    @property
    def chain(self) -> list[Budget]:
        """This budget and all above it, from below; their parents should be joined."""
        found: list[Budget] = [self]
        while (above := found[-1].parent) is not None:
            found.append(above)
        return found


class BudgetMovement(models.Model):
    """One movement of money on one budget; a database trigger refuses to update or delete it.

    Kept append-only because balances are sums of these rows: a corrected row would change history unseen, a
    correcting row shows. What an offer moves, it moves on its budget and on all above, a row each. The total
    of a remedy is held for it; as its offers are made, what they take is passed on and reserved for them.
    """

    budget = models.ForeignKey(Budget, models.PROTECT, related_name="movements", verbose_name=_("budget"))
    offer = models.ForeignKey(
        "compensation.Offer",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="movements",
        verbose_name=_("offer"),
    )
    remedy = models.ForeignKey(
        "compensation.Remedy",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="movements",
        verbose_name=_("remedy"),
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Movement)
    amount = AmountField(verbose_name=_("amount"))
    round = models.PositiveSmallIntegerField(_("round of the offer"), default=1, db_default=1)
    reason = models.CharField(_("reason"), max_length=500, blank=True, default="", db_default="")
    counterpart = models.ForeignKey(
        Budget, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("other budget")
    )
    at = models.DateTimeField(_("at"), default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("by")
    )

    class Meta:
        verbose_name = _("budget movement")
        verbose_name_plural = _("budget movements")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("offer", "budget", "kind", "round"),
                name="compensation_movement_once_a_round",
                condition=models.Q(offer__isnull=False),
            ),
            models.UniqueConstraint(
                fields=("offer", "budget", "kind"),
                name="compensation_movement_spends_once",
                condition=models.Q(offer__isnull=False, kind__in=(Movement.COMMIT, Movement.CLAW_BACK)),
            ),
            models.UniqueConstraint(
                fields=("budget", "kind"),
                condition=models.Q(kind__in=(Movement.ALLOT, Movement.CARRY_OUT)),
                name="compensation_budget_movement_once",
            ),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="compensation_movement_above_zero"),
            models.CheckConstraint(
                condition=models.Q(offer__isnull=False, kind__in=OF_OFFERS)
                | models.Q(offer__isnull=True) & ~models.Q(kind__in=OF_OFFERS),
                name="compensation_movement_of_offer_or_budget",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    counterpart__isnull=False, kind__in=(Movement.CARRY_IN, Movement.CARRY_OUT)
                )
                | models.Q(counterpart__isnull=True)
                & ~models.Q(kind__in=(Movement.CARRY_IN, Movement.CARRY_OUT)),
                name="compensation_movement_has_counterpart",
            ),
            models.CheckConstraint(
                condition=models.Q(remedy__isnull=False, kind__in=(Movement.HOLD, Movement.PASS_ON))
                | models.Q(remedy__isnull=True) & ~models.Q(kind__in=(Movement.HOLD, Movement.PASS_ON)),
                name="compensation_movement_of_remedy",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} {self.amount}"
