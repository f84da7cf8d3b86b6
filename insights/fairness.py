"""What the page about fairness shows: compensation ÷ loss in bins, and how like cases fared."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Branch
from compensation.rules import DOSE_CUTS, EFFECTIVE_FROM, like_key
from compensation.states import DOSE_NOTES, Dose
from customers.states import Tier
from insights import compensation_queries as queries
from insights.compensation_queries import CompensatedCase, Total
from insights.compensation_rules import Compared, Middle, Observed, compare, loss_band, middle
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
    """All that the page shows: `under` is what lacks to 60 % of the losses, `over` what exceeds 150 %."""

    selection: Selection
    n: int
    verified: int
    ratio: Middle | None
    doses: list[DoseRow]
    under: Total
    over: Total
    spreads: list[Spread]

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
    cases = queries.compensated(selection)
    people = queries.people({case.agent_id for case in cases if case.agent_id is not None})
    tiers = {tier.value: str(tier.label) for tier in Tier}
    return FairnessBoard(
        selection=selection,
        n=len(cases),
        verified=sum(case.verified for case in cases),
        ratio=middle([float(case.given / case.loss) for case in cases]),
        doses=_doses(cases),
        under=_total(max(case.loss * EFFECTIVE_FROM - case.given, Decimal(0)) for case in cases),
        over=_total(max(case.given - case.loss * OVER_FROM, Decimal(0)) for case in cases),
        spreads=[
            _spread(
                "agent",
                _("Resolved by"),
                cases,
                lambda case: case.agent_id,
                lambda key: (str(key or ""), people[key].name if key else _("not recorded")),
            ),
            _spread(
                "branch",
                _("Branch"),
                cases,
                lambda case: case.branch_id,
                lambda key: (branches[key].code, branches[key].label),
            ),
            _spread("tier", _("Tier"), cases, lambda case: case.tier, lambda key: (key, tiers.get(key, key))),
        ],
    )


def _doses(cases: list[CompensatedCase]) -> list[DoseRow]:
    rows = []
    for dose in Dose:
        those = [case for case in cases if case.dose == dose.value]
        given = sum((case.given for case in those), Decimal(0))
        loss = sum((case.loss for case in those), Decimal(0))
        rows.append(DoseRow(dose, len(those), share(len(those), len(cases)), given, loss))
    return rows


def _total(amounts: Iterable[Decimal]) -> Total:
    return sum((Total(1, amount) for amount in amounts if amount), Total())


def _spread(
    name: str,
    heading: str,
    cases: list[CompensatedCase],
    of: Callable[[CompensatedCase], Hashable],
    named: Callable[[Any], tuple[str, str]],
) -> Spread:
    observed = [(of(case), Observed(float(case.given / case.loss), _likes(case))) for case in cases]
    rows = [GroupRow(*named(key), compared) for key, compared in compare(observed).items()]
    return Spread(name, heading, sorted(rows, key=lambda row: (-row.compared.n, row.label)))


def _likes(case: CompensatedCase) -> tuple[str, Decimal]:
    """The name of the cases that this one is like: same failure, defect, severity, currency and loss band."""
    key = like_key(case.failure_type, case.defect_id, case.severity, case.currency)
    return key, loss_band(case.loss)[0]
