"""What a bank's codes mean stands beside them, and nothing else of what it says is touched."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from compensation.bank_reasons import REASONS, explained


@pytest.mark.parametrize("code", REASONS)
def test_a_code_keeps_its_place_and_gets_its_meaning(code: str) -> None:
    assert explained(f"{code} 2026-11-20") == f"{code} ({REASONS[code]}) 2026-11-20"


@pytest.mark.parametrize(
    "reason", ["", "Konto geschlossen", "ZZ99", "the customer changed it", "XAC04", "ac04"]
)
def test_what_is_no_code_stays_as_it_was_said(reason: str) -> None:
    assert explained(reason) == reason


def test_several_codes_are_explained_and_in_the_readers_language() -> None:
    assert explained("AC04 BE01").count("(") == 2
    with override("zh-hans"):
        assert explained("AC04") == "AC04（账户已注销）"
