"""Amounts have as many decimals as their currency."""

from __future__ import annotations

from decimal import Decimal

import pytest

from common.money import in_currency


@pytest.mark.parametrize(
    ("amount", "currency", "written"),
    [
        ("120.0000", "EUR", "120.00"),
        ("120", "CNY", "120.00"),
        ("120.0000", "JPY", "120"),
        ("-0.5", "USD", "-0.50"),
        ("9999999999.99", "SGD", "9999999999.99"),
    ],
)
def test_an_amount_in_a_file_has_the_decimals_of_its_currency(
    amount: str, currency: str, written: str
) -> None:
    assert str(in_currency(Decimal(amount), currency)) == written


def test_no_amount_stays_none() -> None:
    assert in_currency(None, "EUR") is None
