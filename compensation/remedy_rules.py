"""What each customer of an incident gets by a remedy's table, on plain values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class AmountRule:
    """A line of the table: so much for whom it fits. No tier means every tier, no loss every loss."""

    amount: Decimal
    tier: str = ""
    loss_from: Decimal | None = None

    def fits(self, tier: str, loss: Decimal | None) -> bool:
        """Whether the line is about a customer; where the loss is not known, lines about losses are not."""
        if self.tier and self.tier != tier:
            return False
        return self.loss_from is None or (loss is not None and loss >= self.loss_from)


def amount_for(rules: Iterable[AmountRule], *, tier: str, loss: Decimal | None) -> Decimal | None:
    """The highest amount among the lines that fit; None where none does."""
    return max((rule.amount for rule in rules if rule.fits(tier, loss)), default=None)


def read_rules(kept: Sequence[dict[str, str]]) -> list[AmountRule]:
    """The lines of a table as a remedy keeps them."""
    return [
        AmountRule(
            amount=Decimal(line["amount"]),
            tier=line.get("tier", ""),
            loss_from=Decimal(line["loss_from"]) if line.get("loss_from") else None,
        )
        for line in kept
    ]


def kept_rules(rules: Iterable[AmountRule]) -> list[dict[str, str]]:
    """The table in the form that a remedy keeps."""
    return [
        {
            "amount": f"{rule.amount:f}",
            "tier": rule.tier,
            "loss_from": "" if rule.loss_from is None else f"{rule.loss_from:f}",
        }
        for rule in rules
    ]
