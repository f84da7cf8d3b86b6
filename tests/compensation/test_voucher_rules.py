"""Codes of vouchers: long enough, forgiving of how they are typed, and strict about a wrong character."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compensation.voucher_rules import (
    ALPHABET,
    DATA_LENGTH,
    clean_code,
    derive_code,
    digest_of,
    grouped,
    is_well_formed,
    taken_off,
)

SEEDS = st.integers(0, 2**256 - 1).map("{:064x}".format)
KEYS = st.integers(0, 2**64 - 1).map(lambda number: number.to_bytes(32, "big"))
# Machines under load draw slowly; what is drawn is small.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
PLACES = st.integers(min_value=0, max_value=DATA_LENGTH)


@patient
@given(SEEDS, KEYS)
def test_a_code_has_at_least_a_hundred_bits_beyond_what_staff_see(seed: str, key: bytes) -> None:
    code = derive_code(seed, key)
    assert set(code) <= set(ALPHABET)
    # Of the four characters that staff see, one is the check character: 20 bits are known of 120.
    assert (DATA_LENGTH - 4) * 5 >= 100
    assert is_well_formed(code)
    assert not set("ILOU") & set(ALPHABET)


@patient
@given(SEEDS, KEYS, PLACES, st.sampled_from(ALPHABET))
def test_one_wrong_character_is_noticed(seed: str, key: bytes, place: int, wrong: str) -> None:
    code = derive_code(seed, key)
    changed = code[:place] + wrong + code[place + 1 :]
    assert is_well_formed(changed) == (changed == code)


@patient
@given(SEEDS, KEYS, PLACES, PLACES)
def test_two_characters_that_changed_places_are_noticed(seed: str, key: bytes, one: int, other: int) -> None:
    characters = list(derive_code(seed, key))
    code = "".join(characters)
    characters[one], characters[other] = characters[other], characters[one]
    assert is_well_formed("".join(characters)) == ("".join(characters) == code)


@patient
@given(SEEDS, KEYS)
def test_a_code_is_read_however_it_is_typed(seed: str, key: bytes) -> None:
    code = derive_code(seed, key)
    typed = f"  {grouped(code).lower().replace('0', 'o').replace('1', 'l').replace('-', ' – ')}\n"
    assert clean_code(typed) == code


def test_codes_and_digests_differ_by_seed_and_by_key() -> None:
    codes = {derive_code(seed, key) for seed in ("a", "b") for key in (b"1", b"2")}
    assert len(codes) == 4
    assert digest_of("X", b"1") != digest_of("X", b"2")


@patient
@given(st.decimals("0.01", "100000", places=2), st.decimals("0.01", "100", places=2), st.sampled_from([0, 2]))
def test_a_percentage_never_takes_off_more_than_the_bill_or_the_value(
    bill: Decimal, percent: Decimal, decimals: int
) -> None:
    off = taken_off(bill, percent, at_most=Decimal(50), decimals=decimals)
    assert 0 <= off <= min(bill, Decimal(50))
    assert off == off.quantize(Decimal(1).scaleb(-decimals))
