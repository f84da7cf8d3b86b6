"""Where service is given: a shop, a hotel, a depot, an office."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from common.bilingual import BilingualName
from common.money import CurrencyField


class Branch(BilingualName):
    """A place with its own time zone and currency; access to cases is given per branch."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    time_zone = models.CharField(_("time zone"), max_length=60)
    currency = CurrencyField(verbose_name=_("currency"))
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("branch")
        verbose_name_plural = _("branches")
        ordering = ("code",)

    def __str__(self) -> str:
        return self.label
