"""What the page about decisions shows: who approves what, how it goes, and how long it takes."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from accounts.models import User
from compensation.models.kind import kind_label
from insights import compensation_queries as queries
from insights.compensation_queries import Decided, HowGranted
from insights.figures import Selection
from insights.periods import FIRST_SLOT
from insights.readings import Reading, share
from insights.rules import Support, support


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """The decisions of an approver, or on a kind of offer; times are shown from five decisions on."""

    decided: Decided

    @property
    def timed(self) -> bool:
        return support(self.decided.n) not in (Support.NONE, Support.TOO_FEW)

    @property
    def approved(self) -> Reading:
        return share(self.decided.approved, self.decided.n)


@dataclass(frozen=True, slots=True)
class ApproverRow(DecisionRow):
    """What one person decided; `kinds` has a number for each kind of the board."""

    person: User
    kinds: list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class KindRow(DecisionRow):
    """What was decided on one kind, and how what was granted of it came to be."""

    kind: str
    label: str
    granted: HowGranted

    @property
    def alone(self) -> Reading:
        """The share of what was granted that nobody else was asked about."""
        return share(self.granted.alone, self.granted.n)


@dataclass(frozen=True, slots=True)
class DecisionPoint:
    """Decisions from one day to the next point's."""

    day: dt.date
    approved: int
    rejected: int


@dataclass(frozen=True)
class DecisionBoard:
    """All that the page shows. Times run from the proposal to the decision, in time of the calendar."""

    selection: Selection
    all: DecisionRow
    granted: HowGranted
    approvers: list[ApproverRow]
    kinds: list[KindRow]
    points: list[DecisionPoint]

    @property
    def is_empty(self) -> bool:
        return not (self.all.decided.n or self.granted.n)

    @property
    def lowered(self) -> Reading:
        return share(self.all.decided.lowered, self.all.decided.approved)

    @property
    def alone(self) -> Reading:
        return share(self.granted.alone, self.granted.n)

    @property
    def decided_kinds(self) -> list[tuple[str, str]]:
        """The kinds that anybody decided on."""
        return [(row.kind, row.label) for row in self.kinds if row.decided.n]


def decision_board(selection: Selection) -> DecisionBoard:
    """Measure the decisions on offers in the selection's currency."""
    found, granted = queries.decisions(selection), queries.how_granted(selection)
    people = queries.people(set(found.approvers))
    kinds = [
        KindRow(found.kinds.get(kind, Decided()), kind, kind_label(kind), granted.get(kind, HowGranted()))
        for kind in {*found.kinds, *granted}
    ]
    kinds.sort(key=lambda row: (-row.decided.n, -row.granted.n, row.label))
    decided = [row.kind for row in kinds if row.decided.n]
    approvers = [
        ApproverRow(
            numbers, people[key], [(kind, found.pairs.get((key, kind), Decided()).n) for kind in decided]
        )
        for key, numbers in found.approvers.items()
    ]
    approvers.sort(key=lambda row: (-row.decided.n, row.person.name, row.person.pk))
    slots = found.slots
    return DecisionBoard(
        selection=selection,
        all=DecisionRow(found.all),
        granted=HowGranted(*(sum(numbers) for numbers in zip(*granted.values(), strict=True)))
        if granted
        else HowGranted(),
        approvers=approvers,
        kinds=kinds,
        points=[
            DecisionPoint(day, slots.get(slot, Decided()).approved, slots.get(slot, Decided()).rejected)
            for slot, day in enumerate(selection.period.parts, start=FIRST_SLOT)
        ],
    )
