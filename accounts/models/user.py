"""Staff who sign in."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar, Self

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models.branch import Branch
from accounts.models.delegation import Delegation
from accounts.models.team import Team
from accounts.states import CAPABILITIES, Capability, Role, Theme
from common.choices import QuickLabels
from common.days import earliest_day, latest_day


class UserManager(BaseUserManager["User"]):
    def create_user(
        self, *, email: str, name: str, role: str, password: str | None = None, **fields: Any
    ) -> User:
        user = self.model(email=self.normalize_email(email).lower(), name=name, role=role, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username)


class User(QuickLabels, AbstractBaseUser):
    """A member of staff: what they may do follows from the role, where from their branches.

    The `team` is one of a branch that they work for. What they propose there may be paid from its own budget.
    """

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=120)
    role = models.CharField(_("role"), max_length=12, choices=Role, default=Role.FRONTLINE)
    branches: models.ManyToManyField[Branch, Any] = models.ManyToManyField(
        Branch, blank=True, related_name="staff", verbose_name=_("branches")
    )
    all_branches = models.BooleanField(_("every branch"), default=False)
    team = models.ForeignKey(
        Team, models.PROTECT, null=True, blank=True, related_name="members", verbose_name=_("team")
    )
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="en")
    theme = models.CharField(_("theme"), max_length=5, choices=Theme, default=Theme.AUTO)
    time_zone = models.CharField(_("time zone"), max_length=60, default="UTC")
    is_active = models.BooleanField(_("active"), default=True)
    is_demo = models.BooleanField(_("demo user"), default=False, editable=False)
    joined_at = models.DateTimeField(_("joined"), default=timezone.now, editable=False)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["name"]
    objects = UserManager()

    class Meta:
        verbose_name = _("member of staff")
        verbose_name_plural = _("staff")
        ordering = ("name", "id")
        constraints = (models.UniqueConstraint(Lower("email"), name="accounts_user_email_folded"),)

    def __str__(self) -> str:
        return self.name

    def get_full_name(self) -> str:
        return self.name

    @property
    def plain(self) -> Self:
        """This person without the lazy object that a request holds, where each attribute takes ten calls."""
        return self

    def may(self, capability: Capability) -> bool:
        """Whether this person's role holds the capability; an inactive person may do nothing."""
        return self.is_active and capability in CAPABILITIES[Role(self.role)]

    @cached_property
    def branch_ids(self) -> frozenset[int] | None:
        """The branches whose cases this person may see; None means every branch."""
        if self.all_branches:
            return None
        return frozenset(self.branches.values_list("pk", flat=True))

    @cached_property
    def lent(self) -> list[str]:
        """The roles of those in whose place this person may decide today, in some branch at least."""
        known = self.__dict__.get("lent_now")
        if known is not None:
            return list(known)
        lent = Delegation.between(earliest_day(), latest_day()).filter(delegate=self)
        return list(lent.values_list("delegator__role", flat=True))

    @cached_property
    def lent_roles(self) -> tuple[str, ...]:
        """Those of them that are not this person's own."""
        return tuple(sorted({*self.lent} - {self.role}))

    @property
    def rights(self) -> tuple[object, ...]:
        """All that decides what a person may see, as a key for what is kept of it."""
        return self.role, self.is_active, self.branch_ids

    def team_in(self, branch_id: int) -> Team | None:
        """The team that this person is in there."""
        return self.team if self.team is not None and self.team.branch_id == branch_id else None

    def reaches(self, branch_id: int) -> bool:
        """Whether this person may see cases of that branch."""
        return self.branch_ids is None or branch_id in self.branch_ids
