"""Whatever the limits, grants, routes and people: what was planned as manned ends within authority."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import User
from accounts.states import Role
from common.errors import DomainError, Invalid
from compensation.actions.approvals import approve_offer
from compensation.chain_rules import Chain, Planned, Route, chain_of, ends, may_take, most_at, step_for
from compensation.inbox import dossier, open_offer
from compensation.models import Offer
from compensation.rules import ZERO, Granted, Limit, lowest_for
from compensation.states import OfferState
from tests.compensation.chains import make_authority, make_route
from tests.compensation.world import World, make_case, make_user, propose

ROLES = ("supervisor", "manager", "admin")
AMOUNTS = st.sampled_from([Decimal(n) for n in (10, 50, 100, 200, 500)])
KINDS = st.sampled_from(["", "", "refund"])
ENOUGH = Decimal(5000)
LEVELS = st.lists(st.lists(st.sampled_from(ROLES), min_size=1, max_size=2), min_size=1, max_size=3)
ROUTES = st.none() | LEVELS


@dataclass(frozen=True)
class Person:
    """Somebody who decides, with the limit that counts for them."""

    number: int
    limit: Limit


@dataclass(frozen=True)
class Scene:
    """A case with its grants, those who may decide on it, a route, and what is asked."""

    amount: Decimal
    route: Route | None
    binding: bool
    people: tuple[Person, ...]
    ranks: Mapping[str, Decimal]
    deciders: tuple[Limit, ...]

    @property
    def needed(self) -> Limit:
        found = lowest_for(self.deciders, self.amount)
        assert found is not None
        return found

    @property
    def chain(self) -> Chain:
        return chain_of(
            self.route,
            needed=self.needed,
            amount=self.amount,
            binding=self.binding,
            deciders=self.deciders,
            ranks=self.ranks,
        )


@st.composite
def scenes(draw: st.DrawFn, routes: st.SearchStrategy[Any] = ROUTES) -> Scene:
    """Scenes in which somebody has the authority for what is asked."""
    amount = draw(AMOUNTS)
    ranks = draw(st.dictionaries(st.sampled_from(ROLES), AMOUNTS, min_size=1))
    kinds = {role: draw(KINDS) for role in ranks}
    granted = [Granted(*draw(st.tuples(st.sampled_from(["refund", "gift"]), st.just(""), AMOUNTS)))]
    granted = granted if draw(st.booleans()) else []
    people = []
    for number in range(draw(st.integers(1, 4))):
        role = draw(st.sampled_from(ROLES))
        own = draw(st.none() | AMOUNTS)
        if own is not None:
            limit = Limit(role, own, own, kind=draw(KINDS), person=number, people=1)
        elif role in ranks:
            limit = Limit(role, ranks[role], ranks[role], kind=kinds[role])
        else:
            continue
        people.append(Person(number, replace(limit, on_case=limit.counted(granted))))
    if lowest_for([each.limit for each in people], amount) is None:
        enough = Limit("manager", ENOUGH, ENOUGH, person=4, people=1)
        people.append(Person(4, replace(enough, on_case=enough.counted(granted))))
    groups = {replace(each.limit, people=0) for each in people}
    deciders = tuple(
        replace(group, people=sum(replace(each.limit, people=0) == group for each in people))
        for group in groups
    )
    levels = draw(routes)
    steps = tuple((level, role) for level, roles in enumerate(levels or (), 1) for role in roles)
    route = Route(1, "Large sums", "", "", ZERO, only_beyond_policy=False, steps=steps) if steps else None
    return Scene(amount, route, draw(st.booleans()), tuple(people), ranks, deciders)


def orders(scene: Scene, steps: Sequence[Planned], before: tuple[Person, ...] = ()) -> Iterator[list[Person]]:
    """Who approves one after another, each the step that the rules give them, until nothing is left."""
    if not steps:
        yield list(before)
        return
    opened = [step for step in steps if step.level == min(each.level for each in steps)]
    for person in scene.people:
        step = step_for(opened, person.limit, role=person.limit.role, ranks=scene.ranks)
        if person in before or step is None:
            continue
        most = most_at(
            step,
            person.limit,
            asked=scene.amount,
            last=len(steps) == 1,
            before=[each.limit for each in before],
        )
        if most >= scene.amount:
            at = next(number for number, each in enumerate(steps) if each is step)
            yield from orders(scene, [*steps[:at], *steps[at + 1 :]], (*before, person))


@settings(max_examples=600, deadline=None)
@given(scenes())
def test_what_is_planned_as_manned_can_be_ended_and_never_beyond_authority(scene: Scene) -> None:
    chain = scene.chain
    found = 0
    for order in orders(scene, chain.steps):
        assert any(person.limit.covers(scene.amount) for person in order)
        assert len(set(order)) == len(order)
        found += 1
        if found == 20:
            break
    if chain.manned:
        assert found


@settings(max_examples=300, deadline=None)
@given(scenes(LEVELS))
def test_a_chain_is_manned_where_different_people_may_take_its_steps_and_one_ends_it(scene: Scene) -> None:
    chain = scene.chain
    possible = any(
        all(
            may_take(step, person.limit, role=person.limit.role, ranks=scene.ranks)
            for step, person in zip(chain.steps, chosen, strict=True)
        )
        and any(ends(person.limit, scene.amount, needed=scene.needed) for person in chosen)
        for chosen in itertools.permutations(scene.people, len(chain.steps))
    )
    assert chain.manned == possible


DECIDING = (Role.SUPERVISOR, Role.MANAGER)


@dataclass(frozen=True)
class Setting:
    """People in the branch with their own limits, what the case was granted, and who is asked."""

    people: tuple[tuple[str, tuple[int, str] | None], ...]
    granted: str
    levels: tuple[tuple[str, ...], ...]
    amount: int


_people = st.tuples(
    st.sampled_from(DECIDING), st.none() | st.tuples(st.sampled_from([400, 1000, 5000]), KINDS)
)
SETTINGS = st.builds(
    Setting,
    people=st.lists(_people, min_size=1, max_size=4).map(tuple),
    granted=st.sampled_from(["", "refund", "gift"]),
    levels=st.lists(
        st.lists(st.sampled_from(DECIDING), min_size=1, max_size=2).map(tuple), min_size=1, max_size=2
    ).map(tuple),
    amount=st.sampled_from([350, 800, 1500, 4000]),
)


def ended(offer: Offer, people: Sequence[User]) -> bool:
    """Whether these people can approve the offer in some order; the inbox must say the same at each step."""
    offer = Offer.objects.get(pk=offer.pk)
    if offer.state == OfferState.APPROVED:
        return True
    for person in people:
        facts = dossier(person, open_offer(person, offer.pk))
        may = facts.within and not facts.decided_before
        point = transaction.savepoint()
        try:
            approve_offer(actor=person, offer_id=offer.pk, amount=facts.asked, reason="Fair.")
        except DomainError:
            done = False
        else:
            done = True
        assert done == may, f"the inbox says {may} and the action {done}"
        if done and ended(offer, people):
            return True
        transaction.savepoint_rollback(point)
    return False


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(setting=SETTINGS)
def test_what_is_proposed_can_be_approved_by_the_people_who_are_there(world: World, setting: Setting) -> None:
    with transaction.atomic():
        User.objects.filter(role__in=DECIDING).update(is_active=False)
        people = []
        for role, limit in setting.people:
            people.append(make_user(role, world.branch))
            if limit is not None:
                make_authority(limit[0], kind=limit[1], user=people[-1])
        case = make_case(world.branch)
        if setting.granted:
            propose(world.frontline, case, 300, kind=setting.granted)
        make_route(*setting.levels)
        with suppress(Invalid):
            assert ended(propose(world.frontline, case, setting.amount), people)
        transaction.set_rollback(True)
