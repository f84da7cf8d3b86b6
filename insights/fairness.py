"""What the page about fairness shows: compensation ÷ loss in bins, and how like cases fared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext as _

from accounts.models import Branch
from compensation.rules import DOSE_CUTS, EFFECTIVE_FROM
from compensation.states import DOSE_NOTES, Dose
from customers.states import Tier
from insights import compensation_queries as queries
from insights.compensation_queries import Total
from insights.compensation_rules import Compared, Middle
from insights.fairness_queries import ALL, NOBODY, Dosed, Fairness, fairness
from insights.figures import Selection
from insights.readings import Reading, share

# More than this share of the loss is over-compensation: gains stop there.
OVER_FROM = DOSE_CUTS[0][0]


@dataclass(frozen=True, slots=True)
class DoseRow:
    """One bin of compensation ÷ loss, and what its cases were given and had lost."""

    dose: Dose
    n: int
    share: Reading
    given: Decimal
    loss: Decimal

    @property
    def figure(self) -> str:
        return f"dose_{self.dose.value}"

    @property
    def label(self) -> str:
        return str(self.dose.label)

    @property
    def note(self) -> str:
        return str(DOSE_NOTES[self.dose])


@dataclass(frozen=True, slots=True)
class GroupRow:
    """An agent, a branch or a tier; `code` names it in addresses, and is empty for cases without one."""

    code: str
    label: str
    compared: Compared


@dataclass(frozen=True)
class Spread:
    """The groups of one dimension, those with the most cases first; `name` is that of its filter."""

    name: str
    heading: str
    rows: list[GroupRow]

    @property
    def known(self) -> list[GroupRow]:
        """The groups whose difference to like cases is shown, the lowest first."""
        known = [row for row in self.rows if row.compared.gap is not None]
        return sorted(known, key=_difference)

    @property
    def highest(self) -> GroupRow | None:
        return self.known[-1] if self.known else None

    @property
    def lowest(self) -> GroupRow | None:
        return self.known[0] if self.known else None

    @property
    def gap(self) -> float | None:
        """The fairness gap: how far the highest and the lowest difference lie apart; None for fewer than two.

        Of differences to like cases and not of the ratios themselves, for people and places that have other
        cases may well give other shares.
        """
        known = self.known
        return _difference(known[-1]) - _difference(known[0]) if len(known) > 1 else None


def _difference(row: GroupRow) -> float:
    return row.compared.gap.median if row.compared.gap else 0.0


@dataclass(frozen=True)
class FairnessBoard:
    """All that the page shows; amounts are in the selection's currency."""

    selection: Selection
    n: int
    verified: int
    ratio: Middle | None
    doses: list[DoseRow]
    spreads: list[Spread]

    @property
    def under(self) -> Total:
        """What lacks to 60 % of the losses of cases that were given less."""
        loss, given = self.none.loss + self.low.loss, self.none.given + self.low.given
        return Total(self.none.n + self.low.n, loss * EFFECTIVE_FROM - given)

    @property
    def over(self) -> Total:
        """What exceeds 150 % of the losses of cases that were given more."""
        excess = self._bin(Dose.EXCESS)
        return Total(excess.n, excess.given - excess.loss * OVER_FROM)

    @property
    def reach(self) -> float:
        """The largest difference to like cases, in absolute terms, for the scale of their bars."""
        ends = [
            abs(end)
            for spread in self.spreads
            for row in spread.rows
            if row.compared.gap is not None and row.compared.gap.interval is not None
            for end in (row.compared.gap.interval.low, row.compared.gap.interval.high)
        ]
        return max(ends, default=0.0)

    def _bin(self, dose: Dose) -> DoseRow:
        return next(row for row in self.doses if row.dose == dose)

    @property
    def none(self) -> DoseRow:
        return self._bin(Dose.NONE)

    @property
    def low(self) -> DoseRow:
        return self._bin(Dose.LOW)

    @property
    def effective(self) -> DoseRow:
        return self._bin(Dose.EFFECTIVE)

    @property
    def widest(self) -> Spread | None:
        """The dimension with the widest gap; None where nothing can be compared."""
        known = [spread for spread in self.spreads if spread.gap is not None]
        return max(known, key=lambda spread: spread.gap or 0.0, default=None)


def fairness_board(selection: Selection, branches: Mapping[int, Branch]) -> FairnessBoard:
    """Measure the upheld complaints with a known loss; `branches` are those that the reader may see."""
    found = fairness(selection)
    everyone = found.spreads[ALL].get("")
    n = everyone.n if everyone else 0
    return FairnessBoard(
        selection=selection,
        n=n,
        verified=sum(dosed.verified for dosed in found.doses.values()),
        ratio=everyone.ratio if everyone else None,
        doses=[_dose_row(dose, found.doses.get(dose.value, Dosed()), n) for dose in Dose],
        spreads=list(_spreads(found, branches)),
    )


def _dose_row(dose: Dose, dosed: Dosed, n: int) -> DoseRow:
    return DoseRow(dose, dosed.n, share(dosed.n, n), dosed.given, dosed.loss)


def _spreads(found: Fairness, branches: Mapping[int, Branch]) -> Iterator[Spread]:
    people = queries.people({int(key) for key in found.spreads["agent"]})
    tiers = {tier.value: str(tier.label) for tier in Tier}

    def agent(key: str) -> tuple[str, str]:
        return ("", _("not recorded")) if key == NOBODY else (key, people[int(key)].name)

    def branch(key: str) -> tuple[str, str]:
        return branches[int(key)].code, branches[int(key)].label

    def tier(key: str) -> tuple[str, str]:
        return key, tiers.get(key, key)

    for name, heading, named in (
        ("agent", _("Resolved by"), agent),
        ("branch", _("Branch"), branch),
        ("tier", _("Tier"), tier),
    ):
        rows = [GroupRow(*named(key), compared) for key, compared in found.spreads[name].items()]
        yield Spread(name, heading, sorted(rows, key=lambda row: (-row.compared.n, row.label)))
