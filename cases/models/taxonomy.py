"""The kinds of failure and the causes behind them: seeded, bilingual, editable."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.bilingual import BilingualName


class Defect(BilingualName):
    """A kind of failure; a row without `family` is one of the six families, the others belong to one."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    family = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="kinds", verbose_name=_("family")
    )
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("defect")
        verbose_name_plural = _("defects")
        ordering = ("position", "id")

    def __str__(self) -> str:
        return self.label


class Cause(BilingualName):
    """Why a failure happened, once staff have verified it."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    position = models.PositiveSmallIntegerField(_("position"), default=0)
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("cause")
        verbose_name_plural = _("causes")
        ordering = ("position", "id")

    def __str__(self) -> str:
        return self.label
