"""The demo's present: what people do just now, by the very actions of the desk."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import override

from accounts.actions.authorities import today
from accounts.models import User
from accounts.states import Capability, Role
from cases.actions.timeline import email_of
from cases.models import Case
from cases.states import CaseState, FailureType, StepKind, StepState
from compensation.actions.approvals import approve_offer
from compensation.actions.customer import offer_to_customer, record_answer
from compensation.actions.offers import propose_offer
from compensation.actions.payment_results import confirm_payment, fail_payment
from compensation.actions.payments import freeze_batch, set_payee, set_paying_account
from compensation.actions.redemption import Wanted, redeem_voucher
from compensation.actions.returning import return_offer
from compensation.actions.routes import NewRoute, add_route
from compensation.actions.setbacks import fail_fulfilment
from compensation.actions.vouchers import issue_voucher
from compensation.authority_queries import grant_view
from compensation.models import ApprovalRoute, Offer, PaymentLine
from compensation.policy_queries import policy_view
from compensation.states import AnswerChannel, AnswerKind, Basis, OfferKind, OfferState
from recovery.demo.life import Life
from recovery.demo.staff import Staff
from recovery.demo.trades import SPIKE_BRANCH
from recovery.demo.wording import Wording

# Account numbers that banks publish as examples; no money was ever on them.
PAYER_IBAN = "DE89370400440532013000"
PAYEE_IBANS = ("DE02120300000000202051", "DE02500105170137075030", "DE02100500000054540402")
FEWEST = Decimal(5)


@dataclass(frozen=True, slots=True)
class Scene:
    """A case in work, who works on it, and the words of its customer's language."""

    case: Case
    owner: User
    voice: Wording

    def say(self, phrase: str) -> str:
        return self.voice.say("offers", phrase, facts={"customer": self.case.customer.name})


def play(lives: Iterable[Life], staff: Staff, chance: random.Random) -> None:
    """Let offers of today stand in every state between the grant and the customer, and pay some of them."""
    scenes = _scenes(lives, chance)
    turns: tuple[Callable[[Scene, Staff], bool], ...] = (
        _offered, _voucher, _countered, _failed, _declined, _accepted, _half_approved, _asked_back,
    )  # fmt: skip
    paid = [scene for scene in scenes if scene.case.branch.code == SPIKE_BRANCH][:4]
    taken = {scene.case.pk for scene in paid}
    free = [scene for scene in scenes if scene.case.pk not in taken]
    for turn in turns:
        # Where the policy or the day leaves no room for it, the next case is tried.
        used = next((scene for scene in free if turn(scene, staff)), None)
        free = [scene for scene in free if scene is not used]
    with override("en"):
        _pay(paid, staff)


def _scenes(lives: Iterable[Life], chance: random.Random) -> list[Scene]:
    """Cases in work without any offer so far, on which their owner may still grant something alone."""
    pool = [life.case for life in lives if life.case.owner is not None and _lacks_money(life)]
    busy = set(Offer.objects.filter(case__in=pool).values_list("case_id", flat=True))
    free = [case for case in pool if case.pk not in busy]
    chance.shuffle(free)
    # What can be sent by mail comes first, and where something was lost.
    free.sort(key=lambda case: (email_of(case.customer_id) is None, case.failure_type == FailureType.PROCESS))
    return list(_granting(free, chance))


def _lacks_money(life: Life) -> bool:
    """Whether somebody has answered the customer, and compensation is still to come."""
    to_do = {step.kind for step in life.steps if step.state == StepState.OPEN}
    answered = life.case.first_response_at is not None
    return life.case.state == CaseState.OPEN and answered and StepKind.COMPENSATE in to_do


def _granting(cases: Iterable[Case], chance: random.Random) -> Iterator[Scene]:
    for case in cases:
        assert case.owner is not None
        scene = Scene(case, case.owner, Wording(case.language, chance))
        if _fair(scene) is not None:
            yield scene


def _fair(scene: Scene) -> Decimal | None:
    """What the policy usually gives, or what the owner may grant alone; None where that is too little."""
    view, policy = grant_view(scene.owner, scene.case), policy_view(scene.case)
    usual, least = (policy.amounts.usual, policy.amounts.minimum) if policy.amounts else (FEWEST * 4, FEWEST)
    amount = min(usual, view.may_grant) // 5 * 5
    return amount if amount >= max(least, FEWEST) else None


def _grant(scene: Scene, *kinds: OfferKind) -> Offer | None:
    """Grant alone the first of these kinds that the policy gives.

    None where it gives none of them, or the owner's day or the branch's month has no more room by now.
    """
    amount, policy = _fair(scene), policy_view(scene.case)
    kind = next((kind for kind in kinds if not policy.given or policy.gives(kind)), None)
    if amount is None or kind is None:
        return None
    offer = propose_offer(
        actor=scene.owner,
        case_id=scene.case.pk,
        kind=kind,
        basis=Basis.GOODWILL,
        amount=amount,
        purpose=scene.say("purpose_time"),
        reason=scene.say("reason"),
    )
    return offer if offer.state == OfferState.APPROVED else None


def _offered(scene: Scene, _staff: Staff) -> bool:
    if offer := _grant(scene, OfferKind.COMPENSATION, OfferKind.GIFT):
        offer_to_customer(actor=scene.owner, offer_id=offer.pk)
    return offer is not None


def _accepted(scene: Scene, _staff: Staff) -> bool:
    if offer := _grant(scene, OfferKind.REFUND, OfferKind.GIFT):
        _answer(scene, offer, AnswerKind.ACCEPTED, "accept")
    return offer is not None


def _declined(scene: Scene, _staff: Staff) -> bool:
    if offer := _grant(scene, OfferKind.VOUCHER):
        _answer(scene, offer, AnswerKind.DECLINED, "decline")
    return offer is not None


def _countered(scene: Scene, _staff: Staff) -> bool:
    """The customer wishes for more: a draft of it waits for somebody to take it up."""
    if offer := _grant(scene, OfferKind.COMPENSATION, OfferKind.POINTS):
        wanted = max(offer.amount + FEWEST, offer.amount * Decimal("1.3") // 5 * 5)
        _answer(scene, offer, AnswerKind.COUNTERED, "counter", wanted)
    return offer is not None


def _answer(
    scene: Scene, offer: Offer, answer: AnswerKind, words: str, amount: Decimal | None = None
) -> None:
    record_answer(
        actor=scene.owner,
        offer_id=offer.pk,
        answer=answer,
        channel=AnswerChannel.PHONE,
        words=scene.say(words),
        amount=amount,
    )


def _failed(scene: Scene, _staff: Staff) -> bool:
    if offer := _grant(scene, OfferKind.REFUND, OfferKind.POINTS):
        fail_fulfilment(actor=scene.owner, offer_id=offer.pk, reason=scene.say("fail"))
    return offer is not None


def _voucher(scene: Scene, staff: Staff) -> bool:
    """A voucher that the customer has a link to, and of which half was redeemed at another branch."""
    offer = _grant(scene, OfferKind.VOUCHER)
    if offer is None:
        return False
    issued = issue_voucher(actor=scene.owner, offer_id=offer.pk)
    half = Wanted(amount=(offer.amount / 2).quantize(Decimal("0.01")), reference="DEMO-1")
    redeem_voucher(actor=staff.demo[Role.SUPERVISOR], code=issued.code, wanted=half)
    return True


def _half_approved(scene: Scene, staff: Staff) -> bool:
    """A gift, which two have to decide on here: one has, and the other is asked."""
    if offer := _ask(scene, staff, OfferKind.GIFT):
        supervisor = staff.supervisors[scene.case.branch.code][0]
        approve_offer(actor=supervisor, offer_id=offer.pk, amount=offer.amount, reason=scene.say("approve"))
    return offer is not None


def _asked_back(scene: Scene, staff: Staff) -> bool:
    """An offer that came back to its proposer with a question."""
    if offer := _ask(scene, staff, OfferKind.FREE_SERVICE):
        supervisor = staff.supervisors[scene.case.branch.code][0]
        return_offer(actor=supervisor, offer_id=offer.pk, question=scene.say("question"))
    return offer is not None


def _ask(scene: Scene, staff: Staff, kind: OfferKind) -> Offer | None:
    """Propose a little more than the owner may grant alone; None where nobody could decide on it."""
    view = grant_view(scene.owner, scene.case)
    amount = view.may_grant // 5 * 5 + FEWEST
    if view.asks(amount) != Role.SUPERVISOR:
        return None
    _set_up_route(staff, scene.case.currency)
    return propose_offer(
        actor=scene.owner,
        case_id=scene.case.pk,
        kind=kind,
        basis=Basis.GOODWILL,
        amount=amount,
        purpose=scene.say("purpose_time"),
        reason=scene.say("reason"),
        deviation_reason=scene.say("deviation"),
    )


def _set_up_route(staff: Staff, currency: str) -> None:
    """Gifts are decided on by two, one after the other."""
    if not ApprovalRoute.objects.filter(currency=currency).exists():
        new = NewRoute(
            name="Gifts: two decide · 礼品：两级审批",
            currency=currency,
            levels=((Role.SUPERVISOR,), (Role.MANAGER,)),
            valid_from=today(),
            kind=OfferKind.GIFT,
        )
        add_route(actor=staff.demo[Role.ADMIN], new=new)


def _pay(scenes: Sequence[Scene], staff: Staff) -> None:
    """Three payments in a frozen batch, one paid, one sent back and one on its way; and one that is due."""
    payer, orders = _payer(staff), []
    for number, scene in enumerate(scenes):
        offer = _grant(scene, OfferKind.COMPENSATION)
        if offer is None:
            continue
        if number == len(scenes) - 1:
            _answer(scene, offer, AnswerKind.ACCEPTED, "accept")
        order = set_payee(
            actor=scene.owner,
            offer_id=offer.pk,
            name=scene.case.customer.name,
            account=PAYEE_IBANS[number % len(PAYEE_IBANS)],
            bank="",
            text="",
        )
        orders.append(order)
    if not orders:
        return
    branch = orders[0].offer.branch
    set_paying_account(
        actor=staff.demo[Role.ADMIN],
        branch_id=branch.pk,
        currency=branch.currency,
        name=branch.name_en,
        account=PAYER_IBAN,
        bank="",
    )
    batch = freeze_batch(actor=payer, order_ids=[order.pk for order in orders[:3]])
    lines = list(PaymentLine.objects.filter(batch=batch).order_by("pk"))
    confirm_payment(actor=payer, line_id=lines[0].pk)
    if len(lines) > 1:
        fail_payment(actor=payer, line_id=lines[1].pk, reason="The bank sent it back: the account is closed.")


def _payer(staff: Staff) -> User:
    """Who pays here: someone who does nothing else with money, where there is such a person."""
    able = [person for person in staff.demo.values() if person.may(Capability.PAY_COMPENSATION)]
    return min(able, key=lambda person: person.may(Capability.DECIDE_OFFER))
