"""Links in e-mails that open a decision: each for one person, one offer and one time."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from compensation.models.offer import Offer


class DecisionLink(models.Model):
    """A link that leads its person to an offer once; it decides nothing, and they still have to sign in.

    Only a digest of its secret is kept, so that whoever reads the table can't make the link.
    """

    digest = models.CharField(max_length=64, unique=True, editable=False)
    offer = models.ForeignKey(Offer, models.CASCADE, related_name="+", verbose_name=_("offer"))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("for")
    )
    created_at = models.DateTimeField(_("at"), default=timezone.now)
    expires_at = models.DateTimeField(_("valid until"))
    opened_at = models.DateTimeField(_("opened"), null=True, blank=True)

    class Meta:
        verbose_name = _("link to a decision")
        verbose_name_plural = _("links to decisions")
        ordering = ("id",)
        indexes = (models.Index(fields=("expires_at",), name="compensation_link_expired"),)

    def __str__(self) -> str:
        return f"{self.offer_id} {self.user_id}"
