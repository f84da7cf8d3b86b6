"""Audit events: what was done, by whom and when; appended, never changed."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Event(models.Model):
    """One link of a stream's chain; a database trigger refuses to update or delete it.

    Personal data stays out of `data`, so that erasing a customer leaves the chain whole.
    """

    stream = models.CharField(_("stream"), max_length=60)
    sequence = models.PositiveIntegerField(_("sequence"))
    at = models.DateTimeField(_("at"))
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("by"),
        db_index=False,
    )
    verb = models.CharField(_("what"), max_length=60)
    data = models.JSONField(_("details"), default=dict)
    previous_hash = models.CharField(_("previous hash"), max_length=64)
    hash = models.CharField(_("hash"), max_length=64)

    class Meta:
        verbose_name = _("audit event")
        verbose_name_plural = _("audit events")
        ordering = ("id",)
        # The trail is read from the newest on, all of it or what one person did or what was done of one kind.
        indexes = (
            models.Index(fields=("at", "id"), name="audit_event_at"),
            models.Index(fields=("actor", "at", "id"), name="audit_event_actor"),
            models.Index(fields=("verb", "at", "id"), name="audit_event_verb"),
        )
        constraints = (models.UniqueConstraint(fields=("stream", "sequence"), name="audit_event_chain"),)

    def __str__(self) -> str:
        return f"{self.stream} {self.sequence} {self.verb}"
