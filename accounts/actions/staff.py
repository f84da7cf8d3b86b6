"""Making and changing accounts of staff."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.actions.preferences import check_time_zone
from accounts.models import Branch, Team, User
from accounts.signals import staff_changed
from accounts.states import Capability, Role
from common.errors import Conflict, Invalid, Values, refuse_overtaken

ADDRESS_TAKEN = _("Someone has an account with this address already.")


@dataclass(frozen=True, kw_only=True)
class StaffRecord:
    """What an administrator decides about a colleague. `all_branches` makes `branches` meaningless.

    The `team` is one of these branches, or None.
    """

    email: str
    name: str
    role: str
    branches: Iterable[Branch] = ()
    all_branches: bool = False
    team: Team | None = None
    language: str = "en"
    time_zone: str = "UTC"
    is_active: bool = True


def create_staff(*, actor: User | None, new: StaffRecord, password: str = "") -> User:
    """Make an account. Without a password its owner sets one through the sign-in page's reset by e-mail.

    An actor of None is whoever runs the server, who makes the first administrator. Raises `Invalid` at the
    field that is wrong, `NotAllowed` without the right to change settings.
    """
    if actor is not None:
        require(actor, Capability.CHANGE_SETTINGS)
    user = User(
        email=new.email.strip().lower(),
        name=new.name.strip(),
        role=new.role,
        all_branches=new.all_branches,
        language=new.language,
        time_zone=new.time_zone,
        is_active=new.is_active,
    )
    check_staff(new, known_as=None)
    if password:
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise Invalid(" ".join(error.messages), field="password") from None
    user.set_password(password or None)
    with transaction.atomic():
        _lock_administrators(actor)
        user.team = _team(new)
        _save(user, force_insert=True)
        branches = _branches(new)
        user.branches.set(branches)
        data = {name: value for name, value in _facts(user, branches).items() if value is not None}
        staff_changed.send(User, staff=user, verb="staff.created", actor=actor, data=data)
    return user


def staff_values(user: User) -> Values:
    """How an account is, as a form shows it."""
    names = ("email", "name", "role", "all_branches", "language", "time_zone", "is_active")
    values: dict[str, object] = {name: getattr(user, name) for name in names}
    return values | {"branches": sorted(user.branches.values_list("pk", flat=True)), "team": user.team_id}


def update_staff(*, actor: User, user_id: int, new: StaffRecord, seen: Values | None = None) -> User:
    """Change an account; an inactive one can't sign in, and its sessions end.

    Raises `Invalid` at the field that is wrong, `Conflict` when administrators would shut themselves out, and
    `Overtaken` when somebody else has changed the account since it was as `seen` (see `staff_values`).
    """
    require(actor, Capability.CHANGE_SETTINGS)
    check_staff(new, known_as=user_id)
    if user_id == actor.pk and (new.role != actor.role or not new.is_active):
        raise Conflict(_("You can’t take your own rights away. Ask another administrator."), field="role")
    with transaction.atomic():
        _lock_administrators(actor)
        user = User.objects.select_for_update().get(pk=user_id)
        refuse_overtaken(seen, staff_values(user))
        branches = _branches(new)
        before = _facts(user, user.branches.all())
        user.email = new.email.strip().lower()
        user.name = new.name.strip()
        user.role = new.role
        user.all_branches = new.all_branches
        user.language = new.language
        user.time_zone = new.time_zone
        user.is_active = new.is_active
        user.team = _team(new)
        _save(user)
        # The sign-in pages remember addresses of their own; a former one must open nothing any more.
        EmailAddress.objects.filter(user=user).exclude(email=user.email).delete()
        user.branches.set(branches)
        after = _facts(user, branches)
        changed = {name: [before[name], value] for name, value in after.items() if value != before[name]}
        if changed:
            staff_changed.send(User, staff=user, verb="staff.changed", actor=actor, data=changed)
    return user


def check_staff(new: StaffRecord, *, known_as: int | None) -> None:
    """Raise `Invalid` at the first wrong field. `known_as` is the account that may hold the address."""
    if not new.name.strip():
        raise Invalid(_("Enter a name."), field="name")
    try:
        validate_email(new.email.strip())
    except ValidationError:
        raise Invalid(_("This is not an e-mail address."), field="email") from None
    others = User.objects.all() if known_as is None else User.objects.exclude(pk=known_as)
    if others.filter(email__iexact=new.email.strip()).exists():
        raise Invalid(ADDRESS_TAKEN, field="email")
    if new.role not in Role.values:
        raise Invalid(_("Choose a role from the list."), field="role")
    if not new.all_branches and not list(new.branches):
        raise Invalid(_("Choose at least one branch, or every branch."), field="branches")
    check_time_zone(new.time_zone)


def _lock_administrators(actor: User | None) -> None:
    """Let one administrator at a time change accounts, and see whether the actor still is one.

    Two who deactivate each other at the same moment would otherwise both find themselves entitled. Nobody
    takes their own rights away, and whoever acts still has them, so there is always an administrator left.
    Raises `NotAllowed` if a colleague was first.
    """
    # In one order, so that no two wait for each other.
    rows = User.objects.select_for_update(no_key=True).filter(role=Role.ADMIN).order_by("pk")
    administrators = {user.pk: user for user in rows}
    if actor is not None:
        require(administrators.get(actor.pk) or User.objects.get(pk=actor.pk), Capability.CHANGE_SETTINGS)


def _save(user: User, *, force_insert: bool = False) -> None:
    """Write the account. Raises `Invalid` when another has taken the address since it was checked."""
    try:
        with transaction.atomic():
            user.save(force_insert=force_insert)
    except IntegrityError:
        if User.objects.filter(email__iexact=user.email).exclude(pk=user.pk).exists():
            raise Invalid(ADDRESS_TAKEN, field="email") from None
        raise


def _branches(new: StaffRecord) -> list[Branch]:
    return [] if new.all_branches else list(new.branches)


def _team(new: StaffRecord) -> Team | None:
    """The team as it stands, which nobody closes until the end of the transaction. Raises `Invalid`."""
    if new.team is None:
        return None
    team = Team.objects.select_for_update(no_key=True).get(pk=new.team.pk)
    if not team.is_active:
        raise Invalid(_("This team is closed."), field="team")
    if not new.all_branches and team.branch_id not in {branch.pk for branch in new.branches}:
        raise Invalid(_("Choose a team of a branch that this person works for."), field="team")
    return team


def _reach(user: User, branches: Iterable[Branch]) -> list[str]:
    return ["*"] if user.all_branches else sorted(branch.code for branch in branches)


def _facts(user: User, branches: Iterable[Branch]) -> dict[str, object]:
    """What the audit trail keeps of an account: no name and no address."""
    return {
        "role": user.role,
        "branches": _reach(user, branches),
        "team": user.team_id,
        "is_active": user.is_active,
    }
