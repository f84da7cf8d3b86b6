"""Opening and changing branches."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.actions.preferences import check_time_zone
from accounts.models import Branch, User
from accounts.signals import branch_changed
from accounts.states import Capability
from common.errors import Invalid
from common.money import CURRENCIES

_LONGEST = {"code": 40, "name_en": 120, "name_zh": 120}


@dataclass(frozen=True, kw_only=True)
class BranchRecord:
    """What an administrator says of a branch. Without a Chinese name the English one serves both readers."""

    code: str
    name_en: str
    name_zh: str = ""
    time_zone: str
    currency: str
    is_active: bool = True

    @property
    def values(self) -> dict[str, object]:
        """The columns of the row."""
        return {
            "code": self.code.strip(),
            "name_en": self.name_en.strip(),
            "name_zh": self.name_zh.strip() or self.name_en.strip(),
            "time_zone": self.time_zone,
            "currency": self.currency,
            "is_active": self.is_active,
        }


def create_branch(*, actor: User | None, new: BranchRecord) -> Branch:
    """Make a branch. It takes complaints only once it also has a calendar: `sla.actions.branches`.

    An actor of None is whoever runs the server. Raises `Invalid` at the field that is wrong, `NotAllowed`.
    """
    if actor is not None:
        require(actor, Capability.CHANGE_SETTINGS)
    _check(new, known_as=None)
    with transaction.atomic():
        branch = Branch.objects.create(**new.values)
        branch_changed.send(Branch, branch=branch, verb="branch.created", actor=actor, data=_facts(branch))
    return branch


def update_branch(*, actor: User, branch_id: int, new: BranchRecord) -> Branch:
    """Change a branch. An inactive one takes no new complaints; its cases stay, in their own currency.

    Raises `Invalid` at the field that is wrong, `NotAllowed`.
    """
    require(actor, Capability.CHANGE_SETTINGS)
    _check(new, known_as=branch_id)
    with transaction.atomic():
        branch = Branch.objects.select_for_update().get(pk=branch_id)
        before = _facts(branch)
        for name, value in new.values.items():
            setattr(branch, name, value)
        branch.save()
        changed = {
            name: [before[name], value] for name, value in _facts(branch).items() if value != before[name]
        }
        if changed:
            branch_changed.send(Branch, branch=branch, verb="branch.changed", actor=actor, data=changed)
    return branch


def _check(new: BranchRecord, *, known_as: int | None) -> None:
    """Raise `Invalid` at the first wrong field. `known_as` is the branch that may hold the code."""
    for field, most in _LONGEST.items():
        if len(getattr(new, field).strip()) > most:
            raise Invalid(_("This is longer than %(most)s characters."), field=field, params={"most": most})
    try:
        validate_slug(new.code.strip())
    except ValidationError:
        raise Invalid(
            _("A code is made of letters, digits, hyphens and underscores."), field="code"
        ) from None
    others = Branch.objects.all() if known_as is None else Branch.objects.exclude(pk=known_as)
    if others.filter(code=new.code.strip()).exists():
        raise Invalid(_("Another branch has this code already."), field="code")
    if not new.name_en.strip():
        raise Invalid(_("Enter a name."), field="name_en")
    check_time_zone(new.time_zone)
    if new.currency not in CURRENCIES:
        raise Invalid(_("Choose a currency from the list."), field="currency")


def _facts(branch: Branch) -> dict[str, object]:
    """What the audit trail keeps of a branch."""
    return {
        name: getattr(branch, name)
        for name in ("code", "name_en", "name_zh", "time_zone", "currency", "is_active")
    }
