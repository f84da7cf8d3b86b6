"""The policies that ship as drafts: three laws in rules, with their sources, and one plain house policy.

They are examples to check and to put in force, not legal advice.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from compensation.policy_rules import Award, Base, Condition, Deadline, Fact, Op, Rule, Tier, Unit
from compensation.states import Inside, OfferKind, PaidBy, PolicyEvent

PAYMENT = (str(OfferKind.COMPENSATION),)
REFUND = (str(OfferKind.REFUND),)


@dataclass(frozen=True)
class Example:
    """A policy as it ships."""

    code: str
    name_en: str
    name_zh: str
    jurisdiction: str
    source: str
    rules: tuple[Rule, ...]


def is_(fact: Fact, *values: str) -> Condition:
    return Condition(fact, Op.IN, values=frozenset(map(str, values)))


def not_(fact: Fact, *values: str) -> Condition:
    return Condition(fact, Op.NOT_IN, values=frozenset(map(str, values)))


def number(fact: Fact, op: str, bound: str) -> Condition:
    return Condition(fact, Op(op), bound=Decimal(bound))


def exactly(amount: str, up_to: str | None = None) -> Tier:
    value = Decimal(amount)
    return Tier(value, value, value, Decimal(up_to) if up_to else None)


def between(least: str, usual: str, most: str) -> Tier:
    return Tier(Decimal(least), Decimal(usual), Decimal(most))


# --- Regulation (EC) No 261/2004 -----------------------------------------------------------

_SHORT = number(Fact.DISTANCE, "<=", "1500")
_LONGER = number(Fact.DISTANCE, ">", "1500")
_MEDIUM = (_LONGER, number(Fact.DISTANCE, "<=", "3500"))
_LONG = number(Fact.DISTANCE, ">", "3500")
_INTRA_BANDS = (exactly("250", "1500"), exactly("400"))
_OTHER_BANDS = (exactly("250", "1500"), exactly("400", "3500"), exactly("600"))


def _late(hours: str) -> Condition:
    return number(Fact.DELAY, "<=", hours)


def _flight(name: tuple[str, str], event: PolicyEvent, where: Inside) -> Rule:
    intra, delayed = where is Inside.YES, event is PolicyEvent.DELAY
    conditions = [is_(Fact.EVENT, event), is_(Fact.INSIDE, where)]
    if delayed:
        conditions.append(number(Fact.DELAY, ">=", "3"))
    # Extraordinary circumstances excuse delays and cancellations (Art. 5(3)), but not denied boarding.
    if event is not PolicyEvent.DENIED_BOARDING:
        conditions.append(not_(Fact.CAUSE, "force_majeure"))
    # Art. 7(2) halves what is owed where re-routing arrives no more than 2, 3 or 4 hours late; of delays,
    # which count from 3 hours on, only the longest flights can be below their bound.
    rerouted: tuple[tuple[Condition, ...], ...] = ((_SHORT, _late("2")),)
    rerouted += ((_LONGER, _late("3")),) if intra else ((*_MEDIUM, _late("3")), (_LONG, _late("4")))
    below: tuple[tuple[Condition, ...], ...] = () if intra else ((_LONG, number(Fact.DELAY, "<", "4")),)
    return Rule(
        name_en=name[0],
        name_zh=name[1],
        conditions=tuple(conditions),
        award=Award(
            Base.FIXED,
            _INTRA_BANDS if intra else _OTHER_BANDS,
            by=Fact.DISTANCE,
            currency="EUR",
            halved=below if delayed else rerouted,
        ),
        kinds=PAYMENT,
        entitlement=True,
        text_en="Under Regulation (EC) No 261/2004 you are owed compensation for this flight.",
        text_zh="根据欧盟第261/2004号条例，您有权就本次航班获得赔偿。",
        source=f"Regulation (EC) No 261/2004, {_ARTICLES[event]}",
    )


_ARTICLES = {
    PolicyEvent.DELAY: "Art. 7; CJEU C-402/07 (Sturgeon)",
    PolicyEvent.CANCELLATION: "Art. 5, 7",
    PolicyEvent.DENIED_BOARDING: "Art. 4, 7",
}
_DELAY, _CANCELLED, _DENIED = _ARTICLES

EU261 = Example(
    "eu261",
    "Air passengers: EU 261",
    "航空旅客：欧盟261条例",
    "EU",
    "Regulation (EC) No 261/2004",
    (
        _flight(("Delayed flight inside the EU", "欧盟境内航班延误"), _DELAY, Inside.YES),
        _flight(("Other delayed flight", "其他航班延误"), _DELAY, Inside.NO),
        _flight(("Cancelled flight inside the EU", "欧盟境内航班取消"), _CANCELLED, Inside.YES),
        _flight(("Other cancelled flight", "其他航班取消"), _CANCELLED, Inside.NO),
        _flight(("Boarding denied inside the EU", "欧盟境内航班拒载"), _DENIED, Inside.YES),
        _flight(("Boarding denied elsewhere", "其他航班拒载"), _DENIED, Inside.NO),
    ),
)

# --- 14 CFR 250.5 and 259/260 --------------------------------------------------------------


# The share of the fare, the cap on it, and how late one arrives: more than an hour, or from 2 hours on
# within the country and from 4 hours on from it to abroad.
_CAPS = {"2": "1075", "4": "2150"}


def _denied(name: tuple[str, str], inside: Inside, share: str) -> Rule:
    bound = "2" if inside is Inside.YES else "4"
    late = [number(Fact.DELAY, ">=", bound)]
    if share == "2":
        late = [number(Fact.DELAY, ">", "1"), number(Fact.DELAY, "<", bound)]
    return Rule(
        name_en=name[0],
        name_zh=name[1],
        conditions=(is_(Fact.EVENT, PolicyEvent.DENIED_BOARDING), is_(Fact.INSIDE, inside), *late),
        award=Award(Base.PRICE, (exactly(share),), cap=Decimal(_CAPS[share]), currency="USD"),
        kinds=PAYMENT,
        entitlement=True,
        deadline=Deadline(1, Unit.CALENDAR),
        text_en="For being denied boarding you are owed compensation by US federal rules.",
        text_zh="根据美国联邦法规，您因被拒登机有权获得赔偿。",
        source="14 CFR 250.5 as of 2025-01-22, 250.8",
    )


def _refund(name: tuple[str, str], paid_by: PaidBy, deadline: Deadline) -> Rule:
    return Rule(
        name_en=name[0],
        name_zh=name[1],
        conditions=(is_(Fact.EVENT, PolicyEvent.REFUND_DUE), is_(Fact.PAID_BY, paid_by)),
        award=Award(Base.PRICE, (exactly("1"),)),
        kinds=REFUND,
        entitlement=True,
        deadline=deadline,
        text_en="The price of your ticket is refunded in full.",
        text_zh="您的票款将全额退还。",
        source="14 CFR 260",
    )


US250 = Example(
    "us250",
    "Air passengers: US 14 CFR 250.5",
    "航空旅客：美国14 CFR 250.5",
    "US",
    "14 CFR 250.5, 14 CFR 260",
    (
        _denied(("Denied boarding, domestic, over 1 h late", "国内航班拒载，晚到超过1小时"), Inside.YES, "2"),
        _denied(("Denied boarding, domestic, from 2 h late", "国内航班拒载，晚到2小时起"), Inside.YES, "4"),
        _denied(("Denied boarding abroad, over 1 h late", "国际航班拒载，晚到超过1小时"), Inside.NO, "2"),
        _denied(("Denied boarding abroad, from 4 h late", "国际航班拒载，晚到4小时起"), Inside.NO, "4"),
        _refund(("Refund to a card", "退款至银行卡"), PaidBy.CARD, Deadline(7, Unit.BUSINESS)),
        _refund(("Refund of other payments", "其他付款方式退款"), PaidBy.OTHER, Deadline(20, Unit.CALENDAR)),
    ),
)

# --- Consumer law of China, art. 55 --------------------------------------------------------

CN55 = Example(
    "cn55",
    "Consumers: China, article 55",
    "消费者权益保护法第五十五条",
    "CN",
    "消费者权益保护法 第五十五条",
    (
        Rule(
            name_en="Fraud: three times the price, at least ¥500",
            name_zh="欺诈：价款三倍，不足500元按500元",
            conditions=(is_(Fact.EVENT, PolicyEvent.FRAUD),),
            award=Award(Base.PRICE, (exactly("3"),), floor=Decimal(500), currency="CNY"),
            kinds=PAYMENT,
            entitlement=True,
            text_en="By article 55 of the consumer law we owe you three times the price besides the refund.",
            text_zh="依据《消费者权益保护法》第五十五条，除退款外，您有权获得价款三倍的赔偿。",
            source="消费者权益保护法 第五十五条 第一款",
        ),
    ),
)

# --- The house's own -----------------------------------------------------------------------


def _share(name: tuple[str, str], severity: int, tier: Tier, days: int) -> Rule:
    return Rule(
        name_en=name[0],
        name_zh=name[1],
        conditions=(is_(Fact.SEVERITY, str(severity)),),
        award=Award(Base.LOSS, (tier,)),
        kinds=(str(OfferKind.REFUND), str(OfferKind.COMPENSATION), str(OfferKind.VOUCHER)),
        deadline=Deadline(days, Unit.BUSINESS),
        text_en="We make good what this cost you.",
        text_zh="我们将弥补您因此遭受的损失。",
        source="House policy; dose after Gelbrich, Gäthke & Grégoire 2015 and Haesevoets et al. 2017",
    )


HOUSE = Example(
    "house",
    "House policy: share of the loss",
    "内部政策：按损失比例",
    "",
    "Our judgement",
    (
        _share(("Critical", "严重"), 1, between("0.6", "1.2", "1.5"), 3),
        _share(("High", "较高"), 2, between("0.6", "1", "1.5"), 5),
        _share(("Medium", "中等"), 3, between("0", "0.8", "1.2"), 7),
        _share(("Low", "较低"), 4, between("0", "0.5", "1"), 10),
    ),
)

EXAMPLES = (EU261, US250, CN55, HOUSE)
