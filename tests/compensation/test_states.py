"""The life of an offer after it was granted: offered, answered, expired, failed, clawed back."""

from __future__ import annotations

import datetime as dt
import itertools
from decimal import Decimal

import pytest
import time_machine
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from accounts.states import Role
from audit.models import Event
from cases.models import Case, RecoveryStep
from cases.registry import registered_blockers
from cases.states import CaseState, StepKind, StepState
from common.errors import Conflict, DomainError, Invalid, NotAllowed
from compensation.actions.approvals import approve_offer, reject_offer
from compensation.actions.customer import offer_to_customer, record_answer
from compensation.actions.expiry import expire_due_offers
from compensation.actions.fulfilment import fulfil_offer
from compensation.actions.offers import submit_offer, withdraw_offer
from compensation.actions.setbacks import claw_back_offer, fail_fulfilment
from compensation.authority_queries import granted_on, granted_today
from compensation.models import Answer, Budget, KindSetting, Offer, Setback
from compensation.states import OUTSTANDING, TRANSITIONS, OfferState
from messaging.models import Notice
from tests.compensation.world import NOON, World, make_branch, make_budget, make_user, propose


@pytest.fixture
def budget(world: World) -> Budget:
    return make_budget(world.branch, 1000)


@pytest.fixture
def granted(world: World, case: Case, budget: Budget) -> Offer:
    return propose(world.frontline, case, 200)


def balance(budget: Budget) -> tuple[int, int]:
    """Reserved and committed; and the books must agree."""
    call_command("verify_ledger")
    budget.refresh_from_db()
    return int(budget.reserved), int(budget.committed)


def answer(world: World, offer: Offer, what: str, **fields: object) -> Answer:
    values = {"channel": "phone", **fields}
    return record_answer(actor=world.frontline, offer_id=offer.pk, answer=what, **values)  # type: ignore[arg-type]


def fulfil(world: World, offer: Offer) -> None:
    fulfil_offer(
        actor=world.frontline,
        offer_id=offer.pk,
        method="bank_transfer",
        reference="T-1",
        landed_at=dt.datetime.now(dt.UTC),
    )


def test_the_database_lets_offers_go_just_where_the_table_leads(world: World, granted: Offer) -> None:
    offers = Offer.objects.filter(pk=granted.pk)
    Offer.objects.filter(pk=granted.pk).update(offered_at=NOON, expires_at=NOON + dt.timedelta(days=1))
    for before, after in itertools.permutations(OfferState, 2):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            offers.update(state=before)
            cursor.execute("SET LOCAL session_replication_role = origin")
            try:
                with transaction.atomic():
                    offers.update(state=after)
                possible = True
            except IntegrityError:
                possible = False
            assert possible == (after in TRANSITIONS[before]), (before, after)


def test_a_yes_by_phone_makes_a_promise_and_keeps_the_money(
    world: World, case: Case, budget: Budget, granted: Offer
) -> None:
    offered = offer_to_customer(actor=world.frontline, offer_id=granted.pk)
    assert offered.state == OfferState.OFFERED
    assert offered.due_at is None
    # Fourteen days, to the end of the day in Shanghai.
    assert offered.expires_at == dt.datetime(2026, 3, 18, 15, 59, 59, tzinfo=dt.UTC)

    kept = answer(world, granted, "accepted", words="Fine, thank you.")

    granted.refresh_from_db()
    assert (granted.state, kept.words) == (OfferState.ACCEPTED, "Fine, thank you.")
    assert granted.due_at is not None
    assert granted.due_at > NOON
    assert balance(budget) == (200, 0)
    verbs = Event.objects.filter(stream=case.stream).order_by("id").values_list("verb", flat=True)
    assert list(verbs)[-3:] == ["offer.proposed", "offer.offered", "offer.accepted"]


def test_offer_and_answer_are_one_act_when_the_customer_is_on_the_line(
    world: World, case: Case, granted: Offer
) -> None:
    answer(world, granted, "accepted")
    granted.refresh_from_db()
    assert granted.state == OfferState.ACCEPTED
    assert granted.offered_at is not None


def test_a_no_gives_the_money_and_the_authority_back(
    world: World, case: Case, budget: Budget, granted: Offer
) -> None:
    answer(world, granted, "declined", channel="email")

    granted.refresh_from_db()
    assert granted.state == OfferState.DECLINED
    assert balance(budget) == (0, 0)
    assert granted_on(case) == 0
    assert granted_today(world.frontline, "CNY", "Asia/Shanghai") == 0
    assert not [b for b in registered_blockers(case) if b.code.startswith("offer")]


def test_a_counter_proposal_becomes_a_linked_draft_that_goes_through_authority(
    world: World, case: Case, budget: Budget, granted: Offer
) -> None:
    answer(world, granted, "countered", amount=Decimal(600), kind="voucher", words="Then I come back.")

    granted.refresh_from_db()
    draft = Offer.objects.get(parent=granted)
    assert granted.state == OfferState.COUNTERED
    assert (draft.state, draft.kind, draft.amount) == (OfferState.DRAFT, "voucher", 600)
    assert balance(budget) == (0, 0)
    assert [b.code for b in registered_blockers(case) if b.code.startswith("offer")] == ["offer_draft"]

    sent = submit_offer(
        actor=world.frontline,
        offer_id=draft.pk,
        kind="voucher",
        basis="goodwill",
        amount=Decimal(500),
        purpose="The dinner",
        reason="Half way.",
    )
    assert (sent.state, sent.asked_role, sent.amount) == (OfferState.WAITING, Role.SUPERVISOR, 500)
    approve_offer(actor=world.supervisor, offer_id=draft.pk, amount=Decimal(500), reason="Fair.")
    assert balance(budget) == (500, 0)


def test_a_small_counter_proposal_is_granted_when_submitted(
    world: World, case: Case, budget: Budget, granted: Offer
) -> None:
    answer(world, granted, "countered", amount=Decimal(250))
    draft = Offer.objects.get(parent=granted)
    values = {
        "kind": draft.kind,
        "basis": draft.basis,
        "amount": draft.amount,
        "purpose": "It",
        "reason": "So.",
    }
    sent = submit_offer(actor=world.supervisor, offer_id=draft.pk, **values)
    assert (sent.state, sent.proposer) == (OfferState.APPROVED, world.supervisor)
    assert sent.due_at is not None
    assert balance(budget) == (250, 0)
    with pytest.raises(Conflict):
        submit_offer(actor=world.supervisor, offer_id=draft.pk, **values)


def test_a_wish_that_is_not_granted_is_dropped_with_a_reason(
    world: World, case: Case, granted: Offer
) -> None:
    answer(world, granted, "countered", amount=Decimal(90000))
    draft = Offer.objects.get(parent=granted)
    withdraw_offer(actor=world.supervisor, offer_id=draft.pk, reason="Beyond all measure.")
    assert [b.code for b in registered_blockers(case) if b.code.startswith("offer")] == []


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"what": "maybe"}, "answer"),
        ({"what": "accepted", "channel": "pigeon"}, "channel"),
        ({"what": "accepted", "words": "x" * 501}, "words"),
        ({"what": "countered"}, "amount"),
        ({"what": "countered", "amount": Decimal(0)}, "amount"),
        ({"what": "countered", "amount": Decimal(-5)}, "amount"),
        ({"what": "countered", "amount": Decimal("1e12")}, "amount"),
        ({"what": "countered", "amount": Decimal("NaN")}, "amount"),
        ({"what": "countered", "amount": Decimal("1.005")}, "amount"),
        ({"what": "countered", "amount": Decimal(5), "kind": "gold"}, "kind"),
    ],
)
def test_a_bad_answer_is_refused_and_nothing_is_half_written(
    world: World, granted: Offer, fields: dict[str, object], wrong: str
) -> None:
    with pytest.raises(Invalid) as refused:
        answer(world, granted, **fields)  # type: ignore[arg-type]
    assert refused.value.field == wrong
    granted.refresh_from_db()
    assert granted.state == OfferState.APPROVED
    assert not Answer.objects.exists()


@pytest.mark.parametrize(
    "until",
    [NOON - dt.timedelta(seconds=1), NOON + dt.timedelta(days=400), dt.datetime(2026, 4, 1)],  # noqa: DTZ001
)
def test_time_to_answer_lies_ahead_and_within_a_year(
    world: World, granted: Offer, until: dt.datetime
) -> None:
    with pytest.raises(Invalid) as refused:
        offer_to_customer(actor=world.frontline, offer_id=granted.pk, expires_at=until)
    assert refused.value.field == "expires_at"


def test_what_is_not_answered_expires_once_and_its_money_goes_back(
    world: World, case: Case, budget: Budget, granted: Offer
) -> None:
    offer_to_customer(actor=world.frontline, offer_id=granted.pk, expires_at=NOON + dt.timedelta(days=2))
    assert expire_due_offers() == 0
    with time_machine.travel(NOON + dt.timedelta(days=2)):
        # Too late for a yes, even where the sweep has not come by yet.
        with pytest.raises(Conflict, match="over"):
            answer(world, granted, "accepted")
        assert expire_due_offers() == 1
        assert expire_due_offers() == 0
        granted.refresh_from_db()
        assert granted.state == OfferState.EXPIRED
        assert balance(budget) == (0, 0)
    assert Notice.objects.filter(user=world.frontline, url__contains=case.number).count() == 1
    assert Event.objects.filter(stream=case.stream, verb="offer.expired", actor=None).count() == 1


def test_a_failed_fulfilment_keeps_promise_and_money_and_is_tried_again(
    world: World, case: Case, budget: Budget, granted: Offer
) -> None:
    due = granted.due_at
    for reason in ("The account does not exist.", "It does still not exist."):
        fail_fulfilment(actor=world.frontline, offer_id=granted.pk, reason=reason)
    granted.refresh_from_db()
    assert (granted.state, granted.due_at) == (OfferState.FAILED, due)
    assert balance(budget) == (200, 0)
    assert [b.code for b in registered_blockers(case) if b.code.startswith("offer")] == ["offer_failed"]
    assert Setback.objects.filter(offer=granted, kind="failed").count() == 2

    fulfil(world, granted)
    assert balance(budget) == (0, 200)
    with pytest.raises(Conflict):
        fail_fulfilment(actor=world.frontline, offer_id=granted.pk, reason="Late.")


def test_clawing_back_returns_what_was_spent_once(
    world: World, case: Case, budget: Budget, granted: Offer
) -> None:
    with pytest.raises(Conflict):
        claw_back_offer(actor=world.supervisor, offer_id=granted.pk, reason="Not yet paid.")
    fulfil(world, granted)
    with pytest.raises(Invalid):
        claw_back_offer(actor=world.supervisor, offer_id=granted.pk, reason=" ")
    with pytest.raises(NotAllowed):
        claw_back_offer(actor=world.frontline, offer_id=granted.pk, reason="Mine.")

    claw_back_offer(actor=world.supervisor, offer_id=granted.pk, reason="Paid to the wrong person.")

    assert balance(budget) == (0, 0)
    assert granted_on(case) == 0
    with pytest.raises(Conflict):
        claw_back_offer(actor=world.supervisor, offer_id=granted.pk, reason="Again.")
    with pytest.raises(Conflict):
        fulfil(world, granted)


def test_nobody_claws_back_what_they_proposed(world: World, case: Case) -> None:
    own = propose(world.supervisor, case, 100)
    fulfil(world, own)
    with pytest.raises(NotAllowed, match="yourself"):
        claw_back_offer(actor=world.supervisor, offer_id=own.pk, reason="Oh.")


def test_a_kind_that_asks_the_customer_is_not_fulfilled_before_their_yes(
    world: World, case: Case, granted: Offer
) -> None:
    KindSetting.objects.filter(pk="refund").update(asks_customer=True)
    with pytest.raises(Conflict, match="Ask the customer"):
        fulfil(world, granted)
    answer(world, granted, "accepted")
    fulfil(world, granted)


def test_what_the_customer_has_accepted_is_taken_back_by_deciders_alone(
    world: World, budget: Budget, granted: Offer
) -> None:
    answer(world, granted, "accepted")
    with pytest.raises(NotAllowed, match="accepted"):
        withdraw_offer(actor=world.frontline, offer_id=granted.pk, reason="A slip.")
    withdraw_offer(actor=world.supervisor, offer_id=granted.pk, reason="An exchange instead.")
    assert balance(budget) == (0, 0)


def test_every_outstanding_offer_stands_against_closing_and_no_other(
    world: World, case: Case, granted: Offer
) -> None:
    Offer.objects.filter(pk=granted.pk).update(offered_at=NOON, expires_at=NOON + dt.timedelta(days=1))
    for state in OfferState:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            Offer.objects.filter(pk=granted.pk).update(state=state)
            cursor.execute("SET LOCAL session_replication_role = origin")
        blocked = any(b.code.startswith("offer") for b in registered_blockers(case))
        assert blocked == (state in OUTSTANDING), state


def test_the_step_is_done_when_the_last_open_offer_is_declined(world: World, case: Case) -> None:
    first, second = propose(world.frontline, case, 50), propose(world.frontline, case, 60)
    fulfil(world, first)
    step = RecoveryStep.objects.get(case=case, kind=StepKind.COMPENSATE)
    assert step.state == StepState.OPEN
    answer(world, second, "declined")
    step.refresh_from_db()
    assert step.state == StepState.DONE


def test_a_case_can_be_resolved_while_the_answer_is_recorded_but_no_new_offer_is_made(
    world: World, case: Case, granted: Offer
) -> None:
    Case.objects.filter(pk=case.pk).update(state=CaseState.RESOLVED, outcome="upheld", resolved_at=NOON)
    answer(world, granted, "countered", amount=Decimal(250))
    draft = Offer.objects.get(parent=granted)
    with pytest.raises(Conflict, match="resolved"):
        submit_offer(
            actor=world.frontline,
            offer_id=draft.pk,
            kind="refund",
            basis="goodwill",
            amount=Decimal(1),
            purpose="It",
            reason="So.",
        )


def test_strangers_do_nothing_with_an_offer(world: World, granted: Offer) -> None:
    for actor in (make_user(Role.AUDITOR, world.branch), make_user(Role.SUPERVISOR, make_branch("garden"))):
        for act in (
            lambda a: offer_to_customer(actor=a, offer_id=granted.pk),
            lambda a: record_answer(actor=a, offer_id=granted.pk, answer="declined", channel="phone"),
            lambda a: fail_fulfilment(actor=a, offer_id=granted.pk, reason="So."),
            lambda a: claw_back_offer(actor=a, offer_id=granted.pk, reason="So."),
        ):
            with pytest.raises(NotAllowed):
                act(actor)


def test_a_rejected_or_withdrawn_offer_goes_nowhere(world: World, case: Case) -> None:
    waiting = propose(world.frontline, case, 1000)
    reject_offer(actor=world.supervisor, offer_id=waiting.pk, reason="No.")
    for act in (
        lambda: offer_to_customer(actor=world.frontline, offer_id=waiting.pk),
        lambda: answer(world, waiting, "accepted"),
        lambda: fulfil(world, waiting),
        lambda: fail_fulfilment(actor=world.frontline, offer_id=waiting.pk, reason="So."),
    ):
        with pytest.raises(DomainError):
            act()
