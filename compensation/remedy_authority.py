"""By whose authority somebody decides on the total of a remedy: their own, or that of one who is away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from django.utils import timezone

from accounts.models import User
from accounts.queries import delegators_of
from accounts.states import Capability
from common.days import local_day
from compensation.authority_queries import Held, is_own_incident, limits_in_force
from compensation.models import Remedy
from compensation.rules import ZERO


@dataclass(frozen=True, slots=True)
class Voice:
    """The authority by which somebody would approve a total, in the remedy's currency.

    `most` is what it covers, and `wanted` what it has to: the total, and for what leaves the policies as much
    as the role that is asked may decide.
    """

    most: Decimal
    wanted: Decimal
    on_behalf_of: User | None = None

    @property
    def is_enough(self) -> bool:
        return self.most >= self.wanted


def own_voice(remedy: Remedy, user: User, held: Held | None = None) -> Voice:
    """What this person may decide by their own authority; `held` are the limits, where they are at hand."""
    held = held or _limits(remedy)
    limit = held.of(user)
    asked = held.ranks.get(remedy.asked_role, ZERO) if remedy.deviation_reason else ZERO
    return Voice(most=limit.per_case if limit else ZERO, wanted=max(remedy.total, asked))


def _limits(remedy: Remedy) -> Held:
    zone = remedy.incident.branch.time_zone
    return limits_in_force(remedy.currency, time_zone=zone, kind=remedy.kind, basis=remedy.basis)


def voice_on(remedy: Remedy, user: User) -> Voice:
    """This person's own voice; where it is not enough, that of the first they stand in for whose voice is.

    Nobody lends authority over what they proposed, or would get something by themselves.
    """
    held = _limits(remedy)
    own = own_voice(remedy, user, held)
    if own.is_enough:
        return own
    lending = _lending(remedy, user)
    lent = (replace(own_voice(remedy, person, held), on_behalf_of=person) for person in lending)
    return next((voice for voice in lent if voice.is_enough), own)


def voice_for(remedy: Remedy, user: User) -> Voice | None:
    """By which voice this person may decide on a waiting remedy; None where role or four eyes forbid it."""
    if (
        not user.may(Capability.DECIDE_OFFER)
        or remedy.proposer_id == user.pk
        or is_own_incident(user, remedy)
    ):
        return None
    return voice_on(remedy, user)


def _lending(remedy: Remedy, user: User) -> Iterator[User]:
    branch = remedy.incident.branch
    day = local_day(timezone.now(), branch.time_zone)
    for person in delegators_of(user, branch_id=branch.pk, on=day):
        if person.pk != remedy.proposer_id and not is_own_incident(person, remedy):
            yield person
