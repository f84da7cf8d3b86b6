"""Policies in the database: versions and their days, what an offer is held against, and replay."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from audit.models import Event
from cases.models import Case
from common.errors import Conflict, Invalid, NotAllowed, Overtaken
from compensation.actions.approvals import approve_offer
from compensation.actions.policy import create_draft, publish, retire, save_rules
from compensation.models import Offer, Policy, PolicyVersion
from compensation.policy_examples import EU261, between, exactly, is_
from compensation.policy_queries import policy_view, versions_in_force
from compensation.policy_replay import replay
from compensation.policy_rules import Award, Base, Fact, Rule
from compensation.states import OfferState, PolicyState
from tests.compensation.world import NOON, World, make_branch, make_case, propose

TODAY = NOON.date()


def draft_of(code: str) -> PolicyVersion:
    return PolicyVersion.objects.select_related("policy").get(policy__code=code, state=PolicyState.DRAFT)


def put_in_force(world: World, code: str, day: dt.date = TODAY) -> PolicyVersion:
    return publish(actor=world.admin, version_id=draft_of(code).pk, effective_from=day, note="First.")


def test_nothing_holds_until_somebody_puts_it_in_force(world: World, case: Case) -> None:
    assert Policy.objects.count() == 4
    assert versions_in_force(TODAY) == []
    assert propose(world.frontline, case, 300).state == OfferState.APPROVED


def test_within_the_policy_one_grants_alone_and_the_offer_keeps_it(world: World, case: Case) -> None:
    version = put_in_force(world, "house")
    offer = propose(world.frontline, case, 300)
    assert offer.within_authority
    assert (offer.policy_low, offer.policy_high) == (Decimal(0), Decimal(504))
    assert offer.policy_rules == [{"version": version.pk, "rule": 3}]


def test_a_kind_that_the_policy_does_not_give_leaves_it_too(world: World, case: Case) -> None:
    put_in_force(world, "house")
    with pytest.raises(Invalid, match="leaves what the policy gives"):
        propose(world.frontline, case, 300, kind="gift")
    offer = propose(world.frontline, case, 300, kind="gift", deviation_reason="It was a birthday.")
    assert not offer.within_authority
    assert propose(world.frontline, make_case(world.branch), 300, kind="voucher").within_authority


def test_outside_the_policy_a_reason_is_needed_and_one_role_above_decides(world: World) -> None:
    put_in_force(world, "house")
    case = make_case(world.branch, loss_amount=Decimal(100))
    with pytest.raises(Invalid) as refused:
        propose(world.frontline, case, 200)
    assert refused.value.field == "deviation_reason"

    offer = propose(world.frontline, case, 200, deviation_reason="A guest of thirty years.")
    assert (offer.state, offer.asked_role) == (OfferState.WAITING, "supervisor")
    approve_offer(actor=world.supervisor, offer_id=offer.pk, amount=Decimal(200), reason="Agreed.")


def test_what_a_supervisor_would_decide_goes_to_a_manager_outside_the_policy(world: World) -> None:
    put_in_force(world, "house")
    case = make_case(world.branch, loss_amount=Decimal(100))
    offer = propose(world.frontline, case, 400, deviation_reason="A guest of thirty years.")
    assert offer.asked_role == "manager"
    with pytest.raises(NotAllowed):
        approve_offer(actor=world.supervisor, offer_id=offer.pk, amount=Decimal(400), reason="Agreed.")
    approve_offer(actor=world.manager, offer_id=offer.pk, amount=Decimal(400), reason="Agreed.")


def test_several_small_offers_leave_the_policy_as_one_large_one_does(world: World) -> None:
    put_in_force(world, "house")
    case = make_case(world.branch, loss_amount=Decimal(100))
    propose(world.frontline, case, 100)
    with pytest.raises(Invalid):
        propose(world.frontline, case, 21)


def test_the_database_lets_nobody_leave_the_policy_alone(world: World, case: Case) -> None:
    offer = propose(world.frontline, case, 100)
    with pytest.raises(IntegrityError), transaction.atomic():
        Offer.objects.filter(pk=offer.pk).update(deviation_reason="Because.")


def test_a_question_left_open_is_no_way_around_the_policy(world: World) -> None:
    put_in_force(world, "eu261")
    berlin = make_branch("berlin", currency="EUR", time_zone="Europe/Berlin")
    world.frontline.branches.add(berlin)
    world.manager.branches.add(berlin)
    case = make_case(berlin)
    view = policy_view(case)
    assert set(view.asks) == {Fact.EVENT, Fact.INSIDE, Fact.DELAY, Fact.DISTANCE}
    with pytest.raises(Invalid) as refused:
        propose(world.frontline, case, 50)
    assert refused.value.field == "deviation_reason"

    facts = {"event": "delay", "inside": "yes", "delay": "4", "distance": "900"}
    offer = propose(world.frontline, case, 250, facts=facts, kind="compensation")
    assert (offer.policy_low, offer.policy_high) == (250, 250)
    assert offer.policy_facts == facts
    assert propose(world.frontline, make_case(berlin), 20, facts={"event": "other"}).within_authority


def test_a_policy_says_nothing_in_another_jurisdiction_or_currency(world: World, case: Case) -> None:
    put_in_force(world, "eu261")
    assert policy_view(case).applied == ()
    london = make_branch("kehl", currency="GBP", time_zone="Europe/Berlin")
    facts = {"event": "delay", "inside": "yes", "delay": "4", "distance": "900"}
    view = policy_view(make_case(london), facts)
    assert view.amounts is None
    assert [rule.name_en for each in view.applied for rule in each.finding.other] == [EU261.rules[0].name_en]
    assert not view.leaves(Decimal(9000), "refund")


def test_a_version_holds_by_the_day_of_the_branch(world: World) -> None:
    put_in_force(world, "house", TODAY + dt.timedelta(days=1))
    east = make_case(world.branch, loss_amount=Decimal(100))
    west = make_case(make_branch("west", currency="USD", time_zone="America/Los_Angeles"))
    with time_machine.travel(dt.datetime(2026, 3, 4, 15, 59, tzinfo=dt.UTC)):
        assert policy_view(east).amounts is None
    with time_machine.travel(dt.datetime(2026, 3, 4, 16, 0, tzinfo=dt.UTC)):
        assert policy_view(east).amounts is not None
        assert policy_view(west).amounts is None
    with time_machine.travel(dt.datetime(2026, 3, 5, 8, 0, tzinfo=dt.UTC)):
        assert policy_view(west).amounts is not None


def test_the_newest_version_holds_and_a_retired_one_brings_none_back(world: World) -> None:
    put_in_force(world, "house")
    policy = Policy.objects.get(code="house")
    second = create_draft(actor=world.admin, policy_id=policy.pk)
    later = TODAY + dt.timedelta(days=7)
    publish(actor=world.admin, version_id=second.pk, effective_from=later, note="Second.")
    assert [each.number for each in versions_in_force(TODAY)] == [1]
    assert [each.number for each in versions_in_force(later)] == [2]
    retire(actor=world.admin, version_id=second.pk, ended_on=later + dt.timedelta(days=2))
    assert [each.number for each in versions_in_force(later + dt.timedelta(days=1))] == [2]
    assert versions_in_force(later + dt.timedelta(days=2)) == []


@pytest.mark.parametrize("changed", [{"rules": []}, {"effective_from": TODAY}, {"state": "draft"}])
def test_what_has_been_in_force_never_changes(world: World, changed: dict[str, Any]) -> None:
    version = put_in_force(world, "house", TODAY + dt.timedelta(days=1))
    with pytest.raises(IntegrityError), transaction.atomic():
        PolicyVersion.objects.filter(pk=version.pk).update(**changed)
    with pytest.raises(IntegrityError), transaction.atomic():
        version.delete()
    with pytest.raises(Conflict):
        save_rules(actor=world.admin, version_id=version.pk, rules=[])


def test_only_sound_rules_from_today_on_are_published_by_who_may(world: World) -> None:
    draft = draft_of("house")
    with pytest.raises(NotAllowed):
        publish(actor=world.manager, version_id=draft.pk, effective_from=TODAY, note="x")
    with pytest.raises(Invalid):
        publish(actor=world.admin, version_id=draft.pk, effective_from=TODAY - dt.timedelta(days=1), note="x")
    gap = Award(Base.FIXED, (exactly("1", "10"),), by=Fact.DISTANCE, currency="EUR")
    save_rules(actor=world.admin, version_id=draft.pk, rules=[Rule("Gap", "缺口", (), gap, ("refund",))])
    with pytest.raises(Invalid, match="gap"):
        publish(actor=world.admin, version_id=draft.pk, effective_from=TODAY, note="x")


def test_two_people_do_not_overwrite_each_others_rules(world: World) -> None:
    draft = draft_of("house")
    rules = draft.parsed
    save_rules(actor=world.admin, version_id=draft.pk, rules=rules[:2], seen=rules)
    with pytest.raises(Overtaken):
        save_rules(actor=world.admin, version_id=draft.pk, rules=rules[1:], seen=rules)


def test_every_change_of_a_policy_is_in_the_audit_trail(world: World) -> None:
    version = put_in_force(world, "house")
    create_draft(actor=world.admin, policy_id=version.policy_id)
    retire(actor=world.admin, version_id=version.pk, ended_on=TODAY)
    verbs = Event.objects.filter(stream=version.policy.stream).order_by("id").values_list("verb", flat=True)
    assert list(verbs) == ["policy.published", "policy.drafted", "policy.retired"]


# --- replay --------------------------------------------------------------------------------


def test_a_replay_counts_what_changes_and_what_it_costs(world: World) -> None:
    put_in_force(world, "house")
    for loss in (100, 200, None):
        make_case(world.branch, loss_amount=loss and Decimal(loss))
    make_case(world.branch, loss_amount=Decimal(50), severity=1)
    draft = create_draft(actor=world.admin, policy_id=Policy.objects.get(code="house").pk)
    generous = Rule(
        "Medium",
        "中等",
        (is_(Fact.SEVERITY, "3"),),
        Award(Base.LOSS, (between("0", "1", "1.5"),)),
        ("refund",),
    )
    rules = [generous if number == 3 else rule for number, rule in enumerate(draft.parsed, 1)]
    save_rules(actor=world.admin, version_id=draft.pk, rules=rules)
    draft.refresh_from_db()

    until = timezone.now() + dt.timedelta(days=1)
    since = until - dt.timedelta(days=91)
    found = replay(draft, since=since, until=until, most=100, batch=2)
    assert (found.cases, found.given, found.changed, found.undecided) == (4, 3, 2, 1)
    assert found.lacking == {Fact.LOSS: 1}
    cost = found.costs["CNY"]
    assert (cost.before, cost.after) == (Decimal(300), Decimal(360))
    assert [str(each.after) for each in found.differences] == ["200.00", "100.00"]

    assert replay(draft, since=since, until=until, most=3, batch=2).cut
    assert replay(draft, since=since, until=until, most=3, batch=2).cases == 3


def test_the_command_replays_and_writes_nothing(world: World, case: Case, capsys: Any) -> None:
    before = PolicyVersion.objects.count(), Offer.objects.count(), Event.objects.count()
    call_command("replay_policy", "house", "--until=2026-03-05", "--batch=1")
    assert "gives on" in capsys.readouterr().out
    assert before == (PolicyVersion.objects.count(), Offer.objects.count(), Event.objects.count())
