"""The timeline: what was said and done on a case, in words, with names."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from cases.models.case import Case
from cases.states import EntryKind
from common.choices import QuickLabels
from common.money import worded


class TimelineEntry(QuickLabels, models.Model):
    """One thing said or done. Events hold a catalogue message and its `params`; the rest is free text."""

    case = models.ForeignKey(
        Case, models.CASCADE, related_name="timeline", verbose_name=_("case"), db_index=False
    )
    kind = models.CharField(_("kind"), max_length=10, choices=EntryKind)
    at = models.DateTimeField(_("at"), default=timezone.now)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,  # nothing is looked for by it
        related_name="+",
        verbose_name=_("by"),
    )
    body = models.TextField(_("text"))
    params = models.JSONField(default=dict, blank=True)
    minutes = models.PositiveSmallIntegerField(_("length of the call in minutes"), null=True, blank=True)

    class Meta:
        verbose_name = _("timeline entry")
        verbose_name_plural = _("timeline entries")
        ordering = ("at", "id")
        indexes = (models.Index(fields=("case", "at", "id"), name="cases_timeline"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.case_id}"

    @property
    def text(self) -> str:
        """An event in the reader's language; anything else as it was written."""
        return gettext(self.body) % worded(self.params) if self.kind == EntryKind.EVENT else self.body
