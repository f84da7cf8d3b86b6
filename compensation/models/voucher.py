"""Vouchers: what is kept of their codes, the links that show them, and what was redeemed."""

from __future__ import annotations

import datetime as dt

from babel.numbers import format_percent
from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from common.days import local_day
from common.money import AmountField, CurrencyField, babel_locale
from compensation.models.kind import LONGEST_CODE, OfKind
from compensation.models.offer import Offer
from compensation.states import VoucherStanding, VoucherState

LONGEST_VALIDITY = 3660


class VoucherRule(OfKind, models.Model):
    """What holds of vouchers of a kind unless staff say otherwise as they issue one."""

    kind = models.CharField(_("kind"), max_length=LONGEST_CODE, unique=True)
    validity_days = models.PositiveSmallIntegerField(
        _("valid for, in days"),
        default=365,
        validators=(MinValueValidator(1), MaxValueValidator(LONGEST_VALIDITY)),
    )
    reminder_days = models.PositiveSmallIntegerField(_("reminder, days before the end"), default=30)
    single_use = models.BooleanField(_("redeemed at once"), default=False)
    everywhere = models.BooleanField(_("at every branch"), default=True)

    class Meta:
        verbose_name = _("rule of vouchers")
        verbose_name_plural = _("rules of vouchers")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(validity_days__gte=1, validity_days__lte=LONGEST_VALIDITY),
                name="compensation_voucher_rule_validity",
            ),
        )

    def __str__(self) -> str:
        return self.kind


class Voucher(models.Model):
    """A voucher for a granted offer. The code itself is nowhere: see `compensation.voucher_rules`.

    `percent` is set for a discount, of which `value` is the most it may take off. `remaining` is the value
    less what was redeemed: a trigger keeps it as redemptions are written, and nothing else changes it.
    """

    offer = models.OneToOneField(Offer, models.PROTECT, related_name="voucher", verbose_name=_("offer"))
    branch = models.ForeignKey(
        "accounts.Branch", models.PROTECT, related_name="+", verbose_name=_("branch"), db_index=False
    )
    value = AmountField(verbose_name=_("value"))
    currency = CurrencyField(verbose_name=_("currency"))
    percent = models.DecimalField(_("percent"), max_digits=5, decimal_places=2, null=True, blank=True)
    remaining = AmountField(verbose_name=_("remaining"))
    single_use = models.BooleanField(_("redeemed at once"))
    everywhere = models.BooleanField(_("at every branch"))
    seed = models.CharField(max_length=64, unique=True, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    key_mark = models.CharField(max_length=8, editable=False)
    last_four = models.CharField(_("ends in"), max_length=4)
    state = models.CharField(_("state"), max_length=8, choices=VoucherState, default=VoucherState.ACTIVE)
    issued_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("issued by")
    )
    issued_at = models.DateTimeField(_("issued"), default=timezone.now)
    expires_at = models.DateTimeField(_("valid until"))
    remind_at = models.DateTimeField(_("reminder due"), null=True, blank=True)
    reminded_at = models.DateTimeField(_("reminded"), null=True, blank=True)
    voided_at = models.DateTimeField(_("void since"), null=True, blank=True)
    void_reason = models.CharField(_("why it is void"), max_length=500, blank=True)

    class Meta:
        verbose_name = _("voucher")
        verbose_name_plural = _("vouchers")
        ordering = ("-id",)
        indexes = (
            models.Index(
                fields=("remind_at",),
                name="compensation_voucher_remind",
                condition=models.Q(remind_at__isnull=False, state="active"),
            ),
            models.Index(fields=("branch", "-id"), name="compensation_voucher_branch"),
            models.Index(fields=("key_mark",), name="compensation_voucher_key"),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(value__gt=0, remaining__gte=0, remaining__lte=models.F("value")),
                name="compensation_voucher_never_below_zero",
            ),
            models.CheckConstraint(
                condition=models.Q(percent__isnull=True) | models.Q(percent__gt=0, percent__lte=100),
                name="compensation_voucher_percent",
            ),
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("issued_at")), name="compensation_voucher_period"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="void")
                | (models.Q(voided_at__isnull=False) & ~models.Q(void_reason="")),
                name="compensation_void_voucher_has_reason",
            ),
        )

    def __str__(self) -> str:
        return f"…{self.last_four}"

    @property
    def standing(self) -> VoucherStanding:
        """How it stands now."""
        return self.standing_at(timezone.now())

    def standing_at(self, now: dt.datetime) -> VoucherStanding:
        """How it stands at a moment: what is used up or void stays so after the end."""
        if self.state != VoucherState.ACTIVE:
            return VoucherStanding(self.state)
        if now >= self.expires_at:
            return VoucherStanding.EXPIRED
        return VoucherStanding.PARTLY if self.remaining < self.value else VoucherStanding.VALID

    @property
    def last_day(self) -> dt.date:
        """The last day on which it is valid, at its branch."""
        return local_day(self.expires_at - dt.timedelta(seconds=1), self.branch.time_zone)

    @property
    def percent_label(self) -> str:
        """The percentage as the reader's language writes it; "" for a voucher over an amount."""
        if self.percent is None:
            return ""
        locale = babel_locale(get_language() or "en")
        return str(format_percent(self.percent / 100, format="#,##0.##%", locale=locale))


class VoucherLink(models.Model):
    """A link that was sent to the customer: it shows the code once, on the device that it is opened on."""

    voucher = models.ForeignKey(Voucher, models.PROTECT, related_name="links", verbose_name=_("voucher"))
    digest = models.CharField(max_length=64, unique=True, editable=False)
    sent_at = models.DateTimeField(_("sent at"), default=timezone.now)
    opened_at = models.DateTimeField(_("opened"), null=True, blank=True)

    class Meta:
        verbose_name = _("link to a voucher")
        verbose_name_plural = _("links to vouchers")

    def __str__(self) -> str:
        return str(self.voucher_id)


class Redemption(models.Model):
    """One redemption, or with `reverses` one that takes another back; rows are append-only.

    `ticket` names the occasion, so that a form sent twice redeems once.
    """

    voucher = models.ForeignKey(
        Voucher, models.PROTECT, related_name="redemptions", verbose_name=_("voucher")
    )
    reverses = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="reversal", verbose_name=_("takes back")
    )
    amount = AmountField(verbose_name=_("amount"))
    bill = AmountField(verbose_name=_("bill"), null=True, blank=True)
    reference = models.CharField(_("reference"), max_length=120, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    ticket = models.CharField(max_length=64, unique=True, null=True, blank=True, editable=False)
    remaining_after = AmountField(verbose_name=_("left after it"))
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("redemption")
        verbose_name_plural = _("redemptions")
        ordering = ("id",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(amount__gt=0, remaining_after__gte=0),
                name="compensation_redemption_above_zero",
            ),
            models.CheckConstraint(
                condition=models.Q(reverses__isnull=True) | ~models.Q(reason=""),
                name="compensation_reversal_has_reason",
            ),
        )

    def __str__(self) -> str:
        return f"{self.amount}"
