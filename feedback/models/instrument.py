"""The questionnaire, as data."""

from __future__ import annotations

from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from common.bilingual import BilingualName
from feedback.states import Construct


class Instrument(BilingualName):
    """A questionnaire; the active one is sent. Versions are never edited once answered, a new one is made."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    is_active = models.BooleanField(_("active"), default=False)

    class Meta:
        verbose_name = _("questionnaire")
        verbose_name_plural = _("questionnaires")
        constraints = (
            models.UniqueConstraint(
                fields=("is_active",),
                condition=models.Q(is_active=True),
                name="feedback_one_active_instrument",
            ),
        )

    def __str__(self) -> str:
        return self.label


class Item(models.Model):
    """One question, answered on a scale from `lowest` to `highest` whose ends are put into words."""

    instrument = models.ForeignKey(
        Instrument, models.CASCADE, related_name="items", verbose_name=_("questionnaire"), db_index=False
    )
    code = models.SlugField(_("code"), max_length=40)
    construct = models.CharField(_("measures"), max_length=14, choices=Construct)
    position = models.PositiveSmallIntegerField(_("position"))
    text_en = models.CharField(_("question in English"), max_length=250)
    text_zh = models.CharField(_("question in Chinese"), max_length=250)
    lowest = models.PositiveSmallIntegerField(_("lowest"), default=1)
    highest = models.PositiveSmallIntegerField(_("highest"), default=5)
    labels_en = models.JSONField(_("words of the scale in English"), default=list, blank=True)
    labels_zh = models.JSONField(_("words of the scale in Chinese"), default=list, blank=True)
    is_required = models.BooleanField(_("required"), default=False)
    is_reversed = models.BooleanField(_("reversed"), default=False)
    source = models.CharField(_("adapted from"), max_length=160, blank=True)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ("position",)
        constraints = (
            models.UniqueConstraint(fields=("instrument", "code"), name="feedback_item_once"),
            models.CheckConstraint(
                condition=models.Q(highest__gt=models.F("lowest")), name="feedback_item_scale"
            ),
        )

    def __str__(self) -> str:
        return self.code

    @property
    def text(self) -> str:
        return self.text_zh if (get_language() or "en").startswith("zh") else self.text_en

    @property
    def labels(self) -> list[str]:
        """The words under the points of the scale; [lowest, highest] or one a point."""
        return self.labels_zh if (get_language() or "en").startswith("zh") else self.labels_en
