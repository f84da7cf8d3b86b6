"""Payments of granted offers by bank transfer: whom to pay, batches, their lines, files and deliveries."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Branch
from common.choices import QuickLabels
from common.money import AmountField, CurrencyField
from compensation.models.offer import Offer
from compensation.models.sealed import SealedBytesField, SealedTextField
from compensation.payment_rules import masked
from compensation.payment_states import BatchChannel, DeliveryState, FileKind, LineState


class AccountFields(models.Model):
    """A bank account: an IBAN, or a number with its bank.

    Sealed in the database, shown masked, and kept out of events and logs.
    """

    name = models.CharField(_("account holder"), max_length=70)
    iban = SealedTextField(_("IBAN"), blank=True, default="")
    account = SealedTextField(_("account number"), blank=True, default="")
    bank = models.CharField(_("bank"), max_length=14, blank=True, default="")

    class Meta:
        abstract = True

    @property
    def masked_account(self) -> str:
        return masked(self.iban or self.account)


class PayingAccount(AccountFields):
    """The account from which a branch pays in a currency; files for the bank name it."""

    branch = models.ForeignKey(
        Branch, models.PROTECT, related_name="+", verbose_name=_("branch"), db_index=False
    )
    currency = CurrencyField(verbose_name=_("currency"))

    class Meta:
        verbose_name = _("paying account")
        verbose_name_plural = _("paying accounts")
        ordering = ("branch", "currency")
        constraints = (
            models.UniqueConstraint(fields=("branch", "currency"), name="compensation_paying_account_once"),
        )

    def __str__(self) -> str:
        return f"{self.branch_id} {self.currency} {self.masked_account}"


class PaymentOrder(AccountFields):
    """To whom a granted offer is paid by bank transfer. It is due while no line of a batch pays it."""

    offer = models.OneToOneField(Offer, models.PROTECT, related_name="payment_order", verbose_name=_("offer"))
    text = models.CharField(_("text for the payee"), max_length=140)
    entered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("entered by")
    )
    entered_at = models.DateTimeField(_("entered"), default=timezone.now)
    # What the kind wants to be told of its fulfilment: nobody is asked any more once the bank has paid.
    details = models.JSONField(_("details"), default=dict, db_default={}, blank=True)

    class Meta:
        verbose_name = _("payment order")
        verbose_name_plural = _("payment orders")
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.offer_id} {self.masked_account}"


class PaymentBatch(models.Model):
    """Payments that go out together, made frozen: triggers refuse to change it and what its lines say."""

    reference = models.CharField(_("number"), max_length=30, unique=True)
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", verbose_name=_("branch"))
    currency = CurrencyField(verbose_name=_("currency"))
    channel = models.CharField(_("goes out by"), max_length=7, choices=BatchChannel)
    count = models.PositiveIntegerField(_("payments"))
    total = AmountField(verbose_name=_("total"))
    pay_on = models.DateField(_("pay on"))
    frozen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name=_("frozen by")
    )
    frozen_at = models.DateTimeField(_("frozen"), default=timezone.now)

    class Meta:
        verbose_name = _("payment batch")
        verbose_name_plural = _("payment batches")
        ordering = ("-id",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(count__gt=0, total__gt=0), name="compensation_batch_above_zero"
            ),
        )

    def __str__(self) -> str:
        return self.reference


class PaymentLine(QuickLabels, AccountFields):
    """One payment of a batch, with the account as it was when the batch was frozen.

    `end_to_end_id` is the payment's name at the bank and its idempotency key. An order has at most one line
    that waits or is paid; only a line that failed makes room for another.
    """

    batch = models.ForeignKey(PaymentBatch, models.PROTECT, related_name="lines", verbose_name=_("batch"))
    order = models.ForeignKey(PaymentOrder, models.PROTECT, related_name="lines", verbose_name=_("order"))
    end_to_end_id = models.CharField(_("end-to-end id"), max_length=35, unique=True)
    amount = AmountField(verbose_name=_("amount"))
    text = models.CharField(_("text for the payee"), max_length=140)
    state = models.CharField(_("state"), max_length=9, choices=LineState, default=LineState.WAITING)
    reference = models.CharField(_("reference of the bank"), max_length=120, blank=True, default="")
    reason = models.CharField(_("why it failed"), max_length=300, blank=True, default="")
    settled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", verbose_name=_("settled by")
    )
    settled_at = models.DateTimeField(_("settled"), null=True)

    class Meta:
        verbose_name = _("payment")
        verbose_name_plural = _("payments")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(
                fields=("order",),
                condition=~models.Q(state=LineState.FAILED),
                name="compensation_payment_once",
            ),
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="compensation_payment_above_zero"),
            models.CheckConstraint(
                condition=models.Q(state=LineState.WAITING, settled_at__isnull=True)
                | models.Q(state=LineState.CONFIRMED, settled_at__isnull=False)
                | (models.Q(state=LineState.FAILED, settled_at__isnull=False) & ~models.Q(reason="")),
                name="compensation_payment_settled_whole",
            ),
        )

    def __str__(self) -> str:
        return self.end_to_end_id


class PaymentFile(models.Model):
    """A file of a batch, kept as it was written, so that it is the same bytes at every download."""

    batch = models.ForeignKey(
        PaymentBatch, models.PROTECT, related_name="files", verbose_name=_("batch"), db_index=False
    )
    kind = models.CharField(_("kind"), max_length=7, choices=FileKind)
    content = SealedBytesField(_("content"))
    sha256 = models.CharField(_("checksum"), max_length=64)

    class Meta:
        verbose_name = _("payment file")
        verbose_name_plural = _("payment files")
        ordering = ("id",)
        constraints = (
            models.UniqueConstraint(fields=("batch", "kind"), name="compensation_payment_file_once"),
        )

    def __str__(self) -> str:
        return f"{self.batch_id} {self.kind}"


class PaymentDelivery(QuickLabels, models.Model):
    """Handing one payment over to the payment system; a claim is a lease that moves `due_at` on."""

    line = models.OneToOneField(
        PaymentLine, models.PROTECT, related_name="delivery", verbose_name=_("payment")
    )
    state = models.CharField(_("state"), max_length=8, choices=DeliveryState, default=DeliveryState.QUEUED)
    due_at = models.DateTimeField(_("due"), default=timezone.now)
    claimed_at = models.DateTimeField(_("claimed"), null=True)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    last_error = models.CharField(_("last error"), max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("delivery of a payment")
        verbose_name_plural = _("deliveries of payments")
        ordering = ("id",)
        indexes = (
            models.Index(
                fields=("due_at",),
                name="compensation_delivery_due",
                condition=models.Q(state__in=("queued", "sending")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.line_id} {self.state}"
