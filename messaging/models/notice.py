"""Notices: what the product tells a member of staff inside the product."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from common.money import worded


class Notice(models.Model):
    """A sentence for one person, kept as a message of the catalogue with its parameters.

    So it is read in whatever language the reader has chosen by then. Parameters hold no personal data.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="notices",
        verbose_name=_("for"),
        db_index=False,
    )
    message = models.CharField(_("message"), max_length=200)
    params = models.JSONField(_("parameters"), default=dict)
    url = models.CharField(_("address"), max_length=200, blank=True)
    urgent = models.BooleanField(_("urgent"), default=False)
    dedupe_key = models.CharField(_("occasion"), max_length=120, unique=True)
    created_at = models.DateTimeField(_("at"), default=timezone.now)
    read_at = models.DateTimeField(_("read"), null=True)

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ("-id",)
        indexes = (
            models.Index(fields=("user", "-id"), name="messaging_notice_user"),
            models.Index(
                fields=("user",), name="messaging_notice_unread", condition=models.Q(read_at__isnull=True)
            ),
            models.Index(
                fields=("read_at",), name="messaging_notice_read", condition=models.Q(read_at__isnull=False)
            ),
        )

    def __str__(self) -> str:
        return self.text

    @property
    def text(self) -> str:
        return gettext(self.message) % worded(self.params)
