"""People of a branch who work together, and may have money of their own to grant."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.models.branch import Branch
from common.bilingual import BilingualName


class Team(BilingualName):
    """A part of a branch's staff, such as its front desk; what a team may see is what its branch may see.

    It stays in its branch. A closed team has nobody in it and takes nobody, and its history keeps its name.
    """

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="teams", verbose_name=_("branch"))
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ("branch", "name_en")
        constraints = (
            models.UniqueConstraint("branch", Lower("name_en"), name="accounts_team_once_a_branch"),
            # What names a team and a branch refers to both as one, so that they always fit.
            models.UniqueConstraint(fields=("id", "branch"), name="accounts_team_of_branch"),
        )

    def __str__(self) -> str:
        return self.label
