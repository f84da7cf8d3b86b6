"""Policies of compensation and their versions, each in force from a date on."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.bilingual import BilingualName
from common.choices import QuickLabels
from compensation.policy_rules import Rule
from compensation.policy_text import rule_from_data
from compensation.states import PolicyState


class Policy(BilingualName):
    """A table of what is owed or may be given, where it comes from, and who answers for it.

    `jurisdiction` is a country's code, "EU", or "" for everywhere; it never changes, for it decides where the
    versions apply that were in force.
    """

    code = models.SlugField(_("code"), max_length=40, unique=True)
    jurisdiction = models.CharField(_("jurisdiction"), max_length=2, blank=True)
    owner = models.CharField(_("who answers for it"), max_length=120, blank=True)
    source = models.CharField(_("source"), max_length=250, blank=True)

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        ordering = ("code",)

    @property
    def stream(self) -> str:
        """The name of this policy's audit stream."""
        return f"policy:{self.pk}"


class PolicyVersion(QuickLabels, models.Model):
    """The rules of a policy from a day on, which is that of the branch concerned, to a day or until the next.

    The rules are JSON that the action has checked: a version is read, copied and frozen as a whole, and no
    query looks into it. A trigger refuses to change what has been in force.
    """

    policy = models.ForeignKey(
        Policy, models.PROTECT, related_name="versions", verbose_name=_("policy"), db_index=False
    )
    number = models.PositiveSmallIntegerField(_("version"))
    state = models.CharField(_("state"), max_length=8, choices=PolicyState, default=PolicyState.DRAFT)
    effective_from = models.DateField(_("in force from"), null=True, blank=True)
    ended_on = models.DateField(_("in force until before"), null=True, blank=True)
    rules = models.JSONField(_("rules"), default=list, blank=True)
    note = models.CharField(_("what changed"), max_length=250, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("author"),
    )
    created_at = models.DateTimeField(_("made"), default=timezone.now)

    class Meta:
        verbose_name = _("version of a policy")
        verbose_name_plural = _("versions of policies")
        ordering = ("policy", "-number")
        constraints = (
            models.UniqueConstraint(fields=("policy", "number"), name="compensation_policy_number_once"),
            models.UniqueConstraint(
                fields=("policy",),
                condition=models.Q(state="draft"),
                name="compensation_policy_one_draft",
            ),
            models.CheckConstraint(
                condition=models.Q(state="draft") | models.Q(effective_from__isnull=False),
                name="compensation_policy_has_a_day",
            ),
            models.CheckConstraint(
                condition=models.Q(state="retired", ended_on__isnull=False)
                | (~models.Q(state="retired") & models.Q(ended_on__isnull=True)),
                name="compensation_policy_retired_has_an_end",
            ),
        )

    def __str__(self) -> str:
        return f"{self.policy_id} v{self.number}"

    @property
    def is_draft(self) -> bool:
        return self.state == PolicyState.DRAFT

    @property
    def parsed(self) -> tuple[Rule, ...]:
        """The rules. Those of a version that has been in force are read once."""
        if self.is_draft:
            return _read(self.rules)
        return _kept(self.pk, _Rules(self.rules))


class _Rules:
    """Lets a cache hold rules by what they are: in tests, keys come back with other rules."""

    def __init__(self, data: list[dict[str, Any]]) -> None:
        self.data = data

    def __hash__(self) -> int:
        return hash(len(self.data))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Rules) and self.data == other.data


@lru_cache(maxsize=256)
def _kept(_version_id: int, rules: _Rules) -> tuple[Rule, ...]:
    return _read(rules.data)


def _read(data: list[dict[str, Any]]) -> tuple[Rule, ...]:
    return tuple(map(rule_from_data, data))
