"""A stock of complaints in words, read once for their tokens; each case takes one and adds its own."""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal

from bench.data.people import lexemes
from cases.models import Defect
from cases.rules import summarise
from cases.states import FailureType
from recovery.demo.wording import Wording
from recovery.demo.world import Place

PER_TRADE_AND_LANGUAGE = 700
REMEDIES = ("refund", "exchange", "repair", "substitute", "compensation", "apology", "information", "gift")
DAYS = {"en": ("Monday", "Thursday", "Saturday"), "zh-hans": ("周一", "周四", "周六")}
ORDER = {"en": " My order number is {}.", "zh-hans": "订单号{}。"}
# Families whose failures are of the process; those of quality are of the outcome.
OUTCOME_FAMILY = "quality"


class Filled(dict[str, str]):
    """The facts of a complaint; what is not known here has a word that fits anywhere."""

    def __missing__(self, name: str) -> str:
        return "7"


@dataclass(frozen=True, slots=True)
class Story:
    """A complaint about a defect; `lexemes` are those of its words."""

    summary: str
    words: str
    defect_id: int
    failure_type: str
    remedy: str
    product: str
    lexemes: str


class Stock:
    """Complaints by place and language, the same on every machine."""

    def __init__(self, places: list[Place], size: int = PER_TRADE_AND_LANGUAGE) -> None:
        chance = random.Random(20)
        defects = {
            each.code: each for each in Defect.objects.filter(family__isnull=False).select_related("family")
        }
        self.stories = {
            (at, language): [_story(place, language, defects, chance) for _ in range(size)]
            for at, place in enumerate(places)
            for language in ("en", "zh-hans")
        }


def _story(place: Place, language: str, defects: dict[str, Defect], chance: random.Random) -> Story:
    trade = place.trade
    code = chance.choices(list(trade.defects), list(trade.defects.values()))[0]
    product = chance.choice(trade.products)
    remedy = chance.choice(REMEDIES)
    facts = Filled(
        {
            "room": f"{chance.randint(2, 12)}{chance.randint(1, 24):02d}",
            "table": str(chance.randint(1, 28)),
            "parcel": product.named(language),
            "order": product.named(language),
            "product": product.named(language),
            "day": chance.choice(DAYS[language]),
            "time": f"{chance.randint(17, 20)}:30",
            "minutes": str(chance.choice((20, 30, 40, 50, 70))),
            "days": str(chance.randint(3, 12)),
            "times": str(chance.randint(3, 6)),
            "amount": f"{trade.currency} {Decimal(chance.randint(product.low, product.high))}",
            "agent": "Alex",
            "customer": "Kim",
        }
    )
    told = Wording(language, chance).complaint(trade=trade.kind, defect=code, facts=facts, remedy=remedy)
    defect = defects[code]
    family = defect.family.code if defect.family else ""
    named = product.named(language)
    return Story(
        summary=summarise(told.summary)[:120],
        words=told.text,
        defect_id=defect.pk,
        failure_type=FailureType.OUTCOME if family == OUTCOME_FAMILY else FailureType.PROCESS,
        remedy=remedy,
        product=named,
        lexemes=lexemes(f"{told.summary} {told.text} {named} {ORDER[language]}"),
    )
