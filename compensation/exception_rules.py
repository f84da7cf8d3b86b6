"""What makes a pattern of grants an exception for internal audit, on plain values.

An exception is a question, not a finding of fault: each rule says what was counted and against what.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

# All of these are our judgement; a reader may choose others on the page.
BUNCHED = 2
APART = Decimal("0.2")


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From where on something is worth a question.

    `near_percent` is where "just below the limit" begins, and `near_least` how many such grants of one person
    it takes. `split_days` may lie between two parts of a split grant, `split_parts` are an exception by
    themselves. `customer_cases` are the cases of one customer with compensation. `pair_least` decisions of
    one approver on one proposer's offers, `pair_percent` of all that were made on that proposer's.
    """

    near_percent: int = 90
    near_least: int = 3
    split_days: int = 7
    split_parts: int = 3
    customer_cases: int = 3
    pair_least: int = 5
    pair_percent: int = 80

    @property
    def near_from(self) -> Decimal:
        """Where the band below the limit begins, as a share of it."""
        return Decimal(self.near_percent) / 100

    @property
    def below_from(self) -> Decimal:
        """Where the band of the same width below that one begins, which it is compared with."""
        return max(Decimal(0), 2 * self.near_from - 1)


def is_bunched(near: int, below: int, least: int) -> bool:
    """Whether grants crowd just below a limit: enough of them, and twice as many as in the band below.

    Amounts that follow what customers lost thin out upwards, so that the higher of two bands of the same
    width should hold fewer.
    """
    return near >= max(1, least) and near >= BUNCHED * below


def is_split(parts: int, total: Decimal, alone: Decimal | None, least: int) -> bool:
    """Whether grants on one case look like one that was cut up.

    Either together they exceed what somebody who granted a part alone could have granted at once (`alone`,
    None where nobody did), or they are many.
    """
    if parts < 2:
        return False
    return parts >= max(2, least) or (alone is not None and total > alone)


def is_tied(decided: int, of_proposer: int, usual: Decimal | None, least: int, percent: int) -> bool:
    """Whether one approver decides on one proposer's offers out of proportion.

    `decided` of the proposer's `of_proposer` decisions were this approver's; `usual` is the approver's share
    of the decisions on everybody else's offers in that branch, None where there were none. Where the same
    person decides for everybody, nothing is out of proportion.
    """
    if decided < max(1, least) or decided * 100 < percent * of_proposer:
        return False
    return usual is None or Decimal(decided) / of_proposer - usual >= APART
