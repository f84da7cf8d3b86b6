"""Making, renaming and closing the teams of a branch."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.models import Branch, Team, User
from accounts.signals import team_changed
from accounts.states import Capability
from common.errors import Conflict, Invalid, Values, refuse_overtaken

_LONGEST = 120


@dataclass(frozen=True, kw_only=True)
class TeamRecord:
    """What an administrator says of a team. Without a Chinese name the English one serves both readers."""

    name_en: str
    name_zh: str = ""
    is_active: bool = True

    @property
    def values(self) -> dict[str, object]:
        """The columns of the row."""
        name = self.name_en.strip()
        return {"name_en": name, "name_zh": self.name_zh.strip() or name, "is_active": self.is_active}


def create_team(*, actor: User, branch_id: int, new: TeamRecord) -> Team:
    """Make a team of a branch. Raises `Invalid` at the field that is wrong, `NotAllowed`."""
    require(actor, Capability.CHANGE_SETTINGS, branch_id=branch_id)
    _check(new)
    with transaction.atomic():
        team = Team(branch=Branch.objects.get(pk=branch_id), **new.values)
        _save(team)
        data = {"branch": team.branch.code, **new.values}
        team_changed.send(Team, team=team, verb="team.created", actor=actor, data=data)
    return team


def team_values(team: Team) -> Values:
    """How a team is, as a form shows it."""
    return {"name_en": team.name_en, "name_zh": team.name_zh, "is_active": team.is_active}


def update_team(*, actor: User, team_id: int, new: TeamRecord, seen: Values | None = None) -> Team:
    """Rename a team, close it, or open it again.

    Raises `Invalid` at the field that is wrong, `Conflict` when people are in a team that is to be closed,
    and `Overtaken` when somebody else has changed it since it was as `seen` (see `team_values`).
    """
    _check(new)
    with transaction.atomic():
        team = Team.objects.select_for_update().get(pk=team_id)
        require(actor, Capability.CHANGE_SETTINGS, branch_id=team.branch_id)
        before = team_values(team)
        refuse_overtaken(seen, before)
        people = User.objects.filter(team=team, is_active=True).count()
        if people and not new.is_active:
            raise Conflict(
                _("People are in it still: %(people)s. Give them another team, or none, first."),
                field="is_active",
                params={"people": people},
            )
        changed = {name: [before[name], value] for name, value in new.values.items() if value != before[name]}
        if changed:
            for name, value in new.values.items():
                setattr(team, name, value)
            _save(team)
            team_changed.send(Team, team=team, verb="team.changed", actor=actor, data=changed)
    return team


def _check(new: TeamRecord) -> None:
    """Raise `Invalid` at the first wrong field."""
    if not new.name_en.strip():
        raise Invalid(_("Enter a name."), field="name_en")
    for field in ("name_en", "name_zh"):
        if len(getattr(new, field).strip()) > _LONGEST:
            raise Invalid(
                _("This is longer than %(most)s characters."), field=field, params={"most": _LONGEST}
            )


def _save(team: Team) -> None:
    """Write the team. Raises `Invalid` when its branch has another of that name."""
    try:
        with transaction.atomic():
            team.save()
    except IntegrityError:
        if Team.objects.filter(branch=team.branch_id, name_en__iexact=team.name_en).exclude(pk=team.pk):
            raise Invalid(_("Another team of the branch has this name already."), field="name_en") from None
        raise
