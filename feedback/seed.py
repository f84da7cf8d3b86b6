"""The questionnaire every installation starts with: eight questions on five points, and a recommendation."""

from __future__ import annotations

from typing import NamedTuple

from feedback.models import Instrument, Item
from feedback.states import Construct

CODE = "recovery-1"
MAXHAM = "Maxham & Netemeyer 2002, J. Retailing 78:239"


class Wording(NamedTuple):
    text: str
    labels: list[str]


class Entry(NamedTuple):
    code: str
    construct: Construct
    source: str
    english: Wording
    chinese: Wording
    lowest: int = 1
    highest: int = 5
    is_required: bool = False


ITEMS = (
    Entry(
        "recovery",
        Construct.RECOVERY,
        MAXHAM,
        Wording(
            "How satisfied are you with the way we handled your complaint?",
            ["Not at all", "Not very", "In between", "Satisfied", "Very satisfied"],
        ),
        Wording("您对我们处理投诉的方式满意吗？", ["很不满意", "不满意", "一般", "满意", "很满意"]),
        is_required=True,
    ),
    Entry(
        "fair_result",
        Construct.DISTRIBUTIVE,
        f"{MAXHAM}; Smith, Bolton & Wagner 1999, JMR 36:356",
        Wording(
            "Given the trouble it caused you, was the result fair?",
            ["Very unfair", "Unfair", "In between", "Fair", "Very fair"],
        ),
        Wording("考虑到给您带来的麻烦，结果公平吗？", ["很不公平", "不公平", "一般", "公平", "很公平"]),
    ),
    Entry(
        "promptness",
        Construct.PROCEDURAL,
        f"{MAXHAM}; Blodgett, Hill & Tax 1997, J. Retailing 73:185",
        Wording(
            "Did we act quickly enough?",
            ["Far too slowly", "Too slowly", "Just about", "Quickly", "Very quickly"],
        ),
        Wording("我们处理得够快吗？", ["太慢", "偏慢", "尚可", "较快", "很快"]),
    ),
    Entry(
        "voice",
        Construct.PROCEDURAL,
        f"{MAXHAM}; Blodgett, Hill & Tax 1997, J. Retailing 73:185",
        Wording(
            "Could you say all that you wanted to say?",
            ["Not at all", "Hardly", "In part", "Mostly", "Fully"],
        ),
        Wording("您想说的话都说清楚了吗？", ["完全没有", "很少", "部分", "大部分", "全部"]),
    ),
    Entry(
        "courtesy",
        Construct.INTERACTIONAL,
        f"{MAXHAM}; Tax, Brown & Chandrashekaran 1998, J. Marketing 62:60",
        Wording(
            "Were you treated with courtesy and respect?",
            ["Not at all", "Hardly", "In part", "Mostly", "Fully"],
        ),
        Wording("我们的态度礼貌、尊重人吗？", ["很不尊重", "不太尊重", "一般", "尊重", "很尊重"]),
    ),
    Entry(
        "honesty",
        Construct.INTERACTIONAL,
        f"{MAXHAM}; Tax, Brown & Chandrashekaran 1998, J. Marketing 62:60",
        Wording(
            "Were we honest about what went wrong, and why?",
            ["Not at all", "Hardly", "In part", "Mostly", "Fully"],
        ),
        Wording("哪里出了错、为什么，我们说得坦诚吗？", ["很不坦诚", "不太坦诚", "一般", "坦诚", "很坦诚"]),
    ),
    Entry(
        "overall",
        Construct.OVERALL,
        MAXHAM,
        Wording(
            "All in all, how satisfied are you with us?",
            ["Not at all", "Not very", "In between", "Satisfied", "Very satisfied"],
        ),
        Wording("总的来说，您对我们满意吗？", ["很不满意", "不满意", "一般", "满意", "很满意"]),
    ),
    Entry(
        "use_again",
        Construct.LOYALTY,
        MAXHAM,
        Wording(
            "Will you choose us again?",
            ["Certainly not", "Probably not", "Perhaps", "Probably", "Certainly"],
        ),
        Wording("以后您还会选择我们吗？", ["肯定不会", "多半不会", "说不准", "多半会", "肯定会"]),
    ),
    Entry(
        "recommend",
        Construct.NPS,
        "Reichheld 2003, HBR 81(12):46",
        Wording("Would you recommend us to people close to you?", ["Certainly not", "Certainly"]),
        Wording("您会把我们推荐给亲友吗？", ["肯定不会", "一定会"]),
        lowest=0,
        highest=10,
    ),
)


def seed() -> None:
    """Add the questionnaire where it is missing, active unless another one is; one that is there stays."""
    if Instrument.objects.filter(code=CODE).exists():
        return
    instrument = Instrument.objects.create(
        code=CODE,
        name_en="After recovery",
        name_zh="补救后回访",
        is_active=not Instrument.objects.filter(is_active=True).exists(),
    )
    Item.objects.bulk_create(
        Item(
            instrument=instrument,
            position=position,
            code=entry.code,
            construct=entry.construct,
            source=entry.source,
            text_en=entry.english.text,
            text_zh=entry.chinese.text,
            labels_en=entry.english.labels,
            labels_zh=entry.chinese.labels,
            lowest=entry.lowest,
            highest=entry.highest,
            is_required=entry.is_required,
        )
        for position, entry in enumerate(ITEMS, start=1)
    )
