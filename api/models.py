"""What the API remembers of requests that may be sent again."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class KeptAnswer(models.Model):
    """The answer to a request that came with an `Idempotency-Key`, for when the same request comes again.

    The row is written in the transaction of the work itself: either both are there or neither, and the
    unique constraint makes a second request wait for the first. `fingerprint` tells another request under
    the same key from the same one.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        related_name="+",
        verbose_name=_("member of staff"),
        db_index=False,
    )
    key = models.CharField(_("key"), max_length=200)
    fingerprint = models.CharField(max_length=64, editable=False)
    status = models.PositiveSmallIntegerField(_("status"), default=0)
    body = models.TextField(_("answer"), blank=True)
    location = models.CharField(_("address"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("at"), default=timezone.now)

    class Meta:
        verbose_name = _("kept answer")
        verbose_name_plural = _("kept answers")
        ordering = ("-id",)
        indexes = (models.Index(fields=("created_at",), name="api_kept_answer_age"),)
        constraints = (models.UniqueConstraint(fields=("user", "key"), name="api_kept_answer_once"),)

    def __str__(self) -> str:
        return self.key
