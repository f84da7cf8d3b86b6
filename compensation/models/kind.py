"""The kinds of compensation, the product's and an organisation's own, and how each is handled."""

from __future__ import annotations

import time
from functools import lru_cache

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from common.choices import QuickLabels
from compensation.states import (
    MAY_COST_NOTHING,
    METHODS,
    FulfilmentMethod,
    Need,
    OfferKind,
    RemedyClass,
)

LONGEST_DAYS = 366
LONGEST_CODE = 14
# How long another process may show the old name of a kind that was renamed.
NAMES_KEPT = 30.0

_BUILT_IN = dict(OfferKind.choices)


class KindSetting(QuickLabels, models.Model):
    """A kind; what is not active any more is not proposed, and what was granted of it stays as it is.

    `need` decides what is asked at fulfilment and, unless `methods` chooses among them, the ways of
    fulfilling; `required` are the details that have to be told. `remedy_class` says what the kind gives back,
    against which the kind of failure is held.

    `asks_customer`: nothing of this kind is fulfilled before the customer has accepted it. `answer_days` are
    calendar days, for the customer; `due_days` are business days of the branch, from the grant or the
    customer's yes to the arrival.

    The names are for an organisation's own kinds: those of the product are in its catalogues.
    """

    kind = models.CharField(_("code"), max_length=LONGEST_CODE, primary_key=True)
    name_en = models.CharField(_("name in English"), max_length=60, blank=True, default="", db_default="")
    name_zh = models.CharField(_("name in Chinese"), max_length=60, blank=True, default="", db_default="")
    is_active = models.BooleanField(_("in use"), default=True, db_default=True)
    remedy_class = models.CharField(
        _("what it gives back"),
        max_length=6,
        choices=RemedyClass,
        default=RemedyClass.WORTH,
        db_default=RemedyClass.WORTH,
    )
    need = models.CharField(_("what it takes"), max_length=8, choices=Need, default=Need.PAYMENT)
    methods = models.JSONField(_("ways of fulfilling"), default=list, db_default=[], blank=True)
    required = models.JSONField(_("has to be told at fulfilment"), default=list, db_default=[], blank=True)
    counts_stock = models.BooleanField(_("its stock is counted"), default=False, db_default=False)
    asks_customer = models.BooleanField(_("the customer is asked first"), default=False)
    answer_days = models.PositiveSmallIntegerField(
        _("days to answer"),
        default=14,
        validators=(MinValueValidator(1), MaxValueValidator(LONGEST_DAYS)),
    )
    due_days = models.PositiveSmallIntegerField(
        _("business days until it arrives"),
        default=5,
        validators=(MinValueValidator(1), MaxValueValidator(LONGEST_DAYS)),
    )

    class Meta:
        verbose_name = _("kind of compensation")
        verbose_name_plural = _("kinds of compensation")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(answer_days__range=(1, LONGEST_DAYS), due_days__range=(1, LONGEST_DAYS)),
                name="compensation_kind_days",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=OfferKind.values)
                | (~models.Q(name_en="") & ~models.Q(name_zh="")),
                name="compensation_own_kind_has_names",
            ),
        )

    def __str__(self) -> str:
        return self.kind

    @property
    def is_built_in(self) -> bool:
        return self.kind in _BUILT_IN

    @property
    def label(self) -> str:
        """Its name in the reader's language."""
        return str(_BUILT_IN[self.kind]) if self.is_built_in else _in_language(self.name_en, self.name_zh)

    @property
    def may_cost_nothing(self) -> bool:
        """Whether an offer of this kind may be of no amount: it gives regard, and moves no money."""
        return self.remedy_class == RemedyClass.REGARD and self.need in MAY_COST_NOTHING

    @property
    def ways(self) -> tuple[FulfilmentMethod, ...]:
        """The ways of fulfilling, the usual one first."""
        return tuple(way for way in METHODS[Need(self.need)] if not self.methods or way in self.methods)


class OfKind:
    """Gives a model with a field `kind` the label of the kind, to be named before `models.Model`."""

    def get_kind_display(self) -> str:
        return kind_label(getattr(self, "kind", ""))


class _OwnNames:
    """The names of an organisation's own kinds, kept for a while: pages full of offers show them."""

    def __init__(self) -> None:
        self._names: dict[str, tuple[str, str]] = {}
        self._read_at = float("-inf")

    def of(self, code: str) -> tuple[str, str] | None:
        age = time.monotonic() - self._read_at
        # What is no kind at all must not ask the database each time that it is shown.
        if age > NAMES_KEPT or (code not in self._names and age > 1):
            rows = KindSetting.objects.exclude(kind__in=OfferKind.values)
            self._names = {kind: (en, zh) for kind, en, zh in rows.values_list("kind", "name_en", "name_zh")}
            self._read_at = time.monotonic()
        return self._names.get(code)

    def forget(self) -> None:
        self._read_at = float("-inf")


_own = _OwnNames()


def kind_label(code: str) -> str:
    """The name of a kind in the reader's language, also of one that is not in use any more.

    For the product's own kinds nothing is read. A code that names no kind is given back.
    """
    if code in _BUILT_IN:
        return _built_in_label(code, get_language())
    names = _own.of(code) if code else None
    return _in_language(*names) if names else code


@lru_cache(maxsize=64)
def _built_in_label(code: str, _language: str | None) -> str:
    return str(_BUILT_IN[code])


def forget_names() -> None:
    """Read the names of kinds anew when one is asked for next."""
    _own.forget()


def _in_language(name_en: str, name_zh: str) -> str:
    return name_zh if (get_language() or "").startswith("zh") else name_en
