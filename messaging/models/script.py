"""Scripts: wording that staff use again, per language, channel and recovery step."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Script(models.Model):
    """A text with placeholders in braces, such as {customer} or {number}."""

    code = models.SlugField(_("code"), max_length=60, db_index=False)
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES)
    step = models.CharField(_("recovery step"), max_length=12, blank=True)
    title = models.CharField(_("title"), max_length=120)
    body = models.TextField(_("text"))
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("script")
        verbose_name_plural = _("scripts")
        ordering = ("code", "language")
        constraints = (
            models.UniqueConstraint(fields=("code", "language"), name="messaging_script_per_language"),
        )

    def __str__(self) -> str:
        return self.title
