"""Drawing a sample for review so that anyone can draw the same again, on plain values.

Stratified by amount: the population is put in order by amount and cut into bands of about the same sum of
money, and the same number is drawn from each band. An offer is thus the likelier drawn the larger it is, and
small ones are still looked at. Source: AICPA, Audit Guide "Audit Sampling", on stratification by value.
Within a band the order is that of SHA-256 over the seed and the offer's number, so that the draw depends on
no generator of random numbers of a language or its version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple


class Unit(NamedTuple):
    """One offer of the population and what was granted, in the currency of all."""

    key: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Band:
    """Amounts from `low` to `high`, both included: of `count` offers with this `total`, `drawn` are drawn."""

    low: Decimal
    high: Decimal
    count: int
    total: Decimal
    drawn: int


@dataclass(frozen=True, slots=True)
class Draw:
    """The bands, from the smallest amounts up, and what was drawn: (offer, number of its band from 1)."""

    bands: list[Band]
    drawn: list[tuple[int, int]]


def draw(population: Iterable[Unit], *, size: int, bands: int, seed: str) -> Draw:
    """Draw `size` offers, or all where there are fewer; the bands with the largest amounts come first."""
    cut = cut_into_bands(sorted(population, key=lambda unit: (unit.amount, unit.key)), bands)
    shares = share_out(size, [len(band) for band in cut])
    chosen = [
        sorted(band, key=lambda unit: rank(seed, unit.key))[:share]
        for band, share in zip(cut, shares, strict=True)
    ]
    return Draw(
        bands=[
            Band(band[0].amount, band[-1].amount, len(band), sum((u.amount for u in band), Decimal(0)), share)
            for band, share in zip(cut, shares, strict=True)
        ],
        drawn=[
            (unit.key, number)
            for number, units in sorted(enumerate(chosen, start=1), reverse=True)
            for unit in units
        ],
    )


def cut_into_bands(units: Sequence[Unit], bands: int) -> list[list[Unit]]:
    """Units in the order of their amounts, cut where about the same sum is reached.

    Equal amounts stay together, so that a band is a span of amounts; there may be fewer bands than asked for.
    """
    total = sum((unit.amount for unit in units), Decimal(0))
    cut: dict[int, list[Unit]] = {}
    before = Decimal(0)
    for _amount, group in groupby(units, key=lambda unit: unit.amount):
        equal = list(group)
        cut.setdefault(min(bands - 1, int(before * bands / total)) if total else 0, []).extend(equal)
        before += sum((unit.amount for unit in equal), Decimal(0))
    return [cut[number] for number in sorted(cut)]


def share_out(size: int, counts: Sequence[int]) -> list[int]:
    """How many to draw from each band: the same, and what a small band lacks from the others.

    What can't be divided goes to the last bands, which have the largest amounts.
    """
    shares = [0] * len(counts)
    left = min(size, sum(counts))
    while left:
        open_bands = [at for at in reversed(range(len(counts))) if shares[at] < counts[at]]
        each = max(1, left // len(open_bands))
        for at in open_bands:
            more = min(each, counts[at] - shares[at], left)
            shares[at] += more
            left -= more
    return shares


def rank(seed: str, key: int) -> bytes:
    """The place of an offer in the order of a seed: SHA-256 of "seed:number"."""
    return hashlib.sha256(f"{seed}:{key}".encode()).digest()


def fingerprint(population: Iterable[Unit]) -> str:
    """SHA-256, in hex, over the population: "number:amount" a line, by number, without trailing zeros."""
    found = hashlib.sha256()
    for unit in sorted(population):
        found.update(f"{unit.key}:{unit.amount.normalize():f}\n".encode())
    return found.hexdigest()
