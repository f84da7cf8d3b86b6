"""How severe a complaint is by its words, its loss, and who complains how often."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cases.suggestion import suggest
from cases.suggestion.codes import TIERS

SLOW = "The reply was slow."


@pytest.mark.parametrize(
    ("text", "severity", "reasons"),
    [
        (SLOW, 3, ("failure",)),
        ("A minor issue: the reply was slow.", 4, ("mild",)),
        ("I was injured.", 1, ("cue:safety",)),
        ("The reply was slow, so my lawyer writes.", 1, ("failure", "cue:legal")),
        ("I tell the media.", 1, ("cue:media",)),
        ("I tell the ombudsman.", 2, ("cue:regulator",)),
        ("A minor issue, but my son was injured.", 1, ("cue:safety",)),
    ],
)
def test_words_set_the_severity(text: str, severity: int, reasons: tuple[str, ...]) -> None:
    suggestion = suggest(text)

    assert (suggestion.severity, suggestion.severity_reasons) == (severity, reasons)


@pytest.mark.parametrize(
    ("loss", "currency", "severity", "reason"),
    [
        ("10", "USD", 4, None),
        ("50", "USD", 3, "loss:some"),
        ("1000", "EUR", 2, "loss:high"),
        ("10000", "GBP", 1, "loss:very_high"),
        ("1000", "CNY", 3, "loss:some"),
        ("7000", "cny", 2, "loss:high"),
        ("50000", "JPY", 3, "loss:some"),
        ("1000", "", 2, "loss:high"),
        ("-5", "USD", 4, None),
        ("NaN", "USD", 4, None),
        ("Infinity", "USD", 4, None),
    ],
)
def test_the_loss_sets_the_severity_by_its_worth(
    loss: str, currency: str, severity: int, reason: str | None
) -> None:
    suggestion = suggest("", loss=Decimal(loss), currency=currency)

    assert suggestion.severity == severity
    assert suggestion.severity_reasons == ((reason,) if reason else ())


@pytest.mark.parametrize(
    ("tier", "repeat_count", "severity", "reasons"),
    [
        ("standard", 0, 3, ("failure",)),
        ("standard", 1, 3, ("failure",)),
        ("standard", 2, 2, ("failure", "repeat")),
        ("silver", 0, 3, ("failure",)),
        ("gold", 0, 2, ("failure", "tier")),
        ("platinum", 0, 2, ("failure", "tier")),
        ("platinum", 5, 2, ("failure", "repeat")),
        ("unheard of", 0, 3, ("failure",)),
    ],
)
def test_repeats_and_tier_raise_by_a_step_but_never_to_critical(
    tier: str, repeat_count: int, severity: int, reasons: tuple[str, ...]
) -> None:
    suggestion = suggest(SLOW, tier=tier, repeat_count=repeat_count)

    assert (suggestion.severity, suggestion.severity_reasons) == (severity, reasons)


def test_silver_lifts_a_trifle_to_medium() -> None:
    assert suggest("A minor issue: the reply was slow.", tier="silver").severity == 3


@given(st.integers(0, 3), st.sampled_from(["", SLOW, "I was injured."]))
def test_tier_and_repeats_never_lower_the_severity_and_add_a_step_each_at_most(
    repeat_count: int, text: str
) -> None:
    plain = suggest(text).severity
    for tier in TIERS:
        assert plain - 2 <= suggest(text, tier=tier, repeat_count=repeat_count).severity <= plain
        assert plain - 1 <= suggest(text, tier=tier).severity <= plain
