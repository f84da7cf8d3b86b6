"""Customers, how to reach them, and what they bought."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Branch
from common.choices import QuickLabels
from common.money import AmountField, CurrencyField
from customers.states import ContactKind, Tier


class Customer(QuickLabels, models.Model):
    """A person who complains; personal data is kept here and in messages, never in audit events."""

    name = models.CharField(_("name"), max_length=120)
    tier = models.CharField(_("tier"), max_length=8, choices=Tier, default=Tier.STANDARD)
    language = models.CharField(
        _("preferred language"), max_length=10, choices=settings.LANGUAGES, default="en"
    )
    preferred_contact = models.CharField(
        _("preferred contact"), max_length=5, choices=ContactKind, default=ContactKind.EMAIL
    )
    time_zone = models.CharField(_("time zone"), max_length=60, default="UTC")
    customer_since = models.DateField(_("customer since"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    external_source = models.CharField(max_length=40, blank=True, editable=False)
    external_reference = models.CharField(max_length=120, blank=True, editable=False)
    search = SearchVectorField(editable=False, null=True)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")
        ordering = ("-id",)
        indexes = (GinIndex(fields=("search",), name="customers_search"),)
        constraints = (
            models.UniqueConstraint(
                fields=("external_source", "external_reference"),
                condition=~models.Q(external_reference=""),
                name="customers_external_once",
            ),
        )

    def __str__(self) -> str:
        return self.name


class ContactPoint(QuickLabels, models.Model):
    """A phone number (E.164 where it can be read so) or e-mail address, as given and as compared."""

    customer = models.ForeignKey(
        Customer, models.CASCADE, related_name="contact_points", verbose_name=_("customer"), db_index=False
    )
    kind = models.CharField(_("kind"), max_length=5, choices=ContactKind)
    value = models.CharField(_("as given"), max_length=254)
    normalised = models.CharField(_("as compared"), max_length=254)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        ordering = ("kind", "id")
        constraints = (
            models.UniqueConstraint(fields=("customer", "kind", "normalised"), name="customers_contact_once"),
        )
        indexes = (
            models.Index(
                fields=("normalised",), name="customers_contact_value", opclasses=("varchar_pattern_ops",)
            ),
        )

    def __str__(self) -> str:
        return self.value


class Order(models.Model):
    """What a customer bought, as far as a shop or booking system told us."""

    customer = models.ForeignKey(
        Customer, models.CASCADE, related_name="orders", verbose_name=_("customer"), db_index=False
    )
    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+", verbose_name=_("branch"))
    reference = models.CharField(_("order number"), max_length=60, unique=True)
    product = models.CharField(_("product or service"), max_length=120)
    amount = AmountField(verbose_name=_("amount"))
    currency = CurrencyField(verbose_name=_("currency"))
    ordered_at = models.DateTimeField(_("ordered"))

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ("-ordered_at", "-id")
        indexes = (models.Index(fields=("customer", "-ordered_at"), name="customers_order_latest"),)

    def __str__(self) -> str:
        return self.reference
