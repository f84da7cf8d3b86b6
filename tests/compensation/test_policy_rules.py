"""What policies give for plain facts: the shipped laws by their own bands, unknown facts, and bad tables."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from compensation.policy_checks import problems_of
from compensation.policy_examples import CN55, EU261, EXAMPLES, HOUSE, US250, between, exactly, is_, number
from compensation.policy_rules import (
    Award,
    Base,
    Condition,
    Deadline,
    Fact,
    Facts,
    Finding,
    Rule,
    Tier,
    Unit,
    Value,
    combine,
    evaluate,
    jurisdictions_of,
    needed,
)
from compensation.policy_text import (
    UnreadableError,
    bounds_from_text,
    groups_from_text,
    groups_to_text,
    rule_from_data,
    rule_to_data,
    tiers_from_text,
    tiers_to_text,
)


def facts(currency: str = "EUR", **known: str | int | Decimal) -> Facts:
    """Words become names, numbers stay numbers."""
    held: dict[Fact, Value] = {
        Fact(name): frozenset({value}) if isinstance(value, str) else Decimal(value)
        for name, value in known.items()
    }
    return Facts(currency, held)


def flight(event: str, inside: str, distance: int, delay: str, **more: str) -> Finding:
    told = {"cause": "not_established", **more}
    known = facts(event=event, inside=inside, distance=distance, delay=Decimal(delay), **told)
    return evaluate(EU261.rules, known)


def usual(finding: Finding) -> Decimal | None:
    return finding.first.amounts.usual if finding.first else None


@pytest.mark.parametrize(
    ("inside", "distance", "delay", "owed"),
    [
        ("yes", 1500, "3", 250),
        ("no", 1500, "3", 250),
        ("no", 1, "30", 250),
        ("yes", 1501, "3", 400),
        ("yes", 3600, "3", 400),
        ("no", 1501, "3", 400),
        ("no", 3500, "3.5", 400),
        ("no", 3501, "3", 300),
        ("no", 3501, "3.99", 300),
        ("no", 3501, "4", 600),
        ("no", 9000, "12", 600),
    ],
)
def test_a_delayed_flight_is_owed_what_its_band_of_eu261_says(
    inside: str, distance: int, delay: str, owed: int
) -> None:
    assert usual(flight("delay", inside, distance, delay)) == owed


@pytest.mark.parametrize(
    ("inside", "distance", "delay", "owed"),
    [
        ("yes", 1500, "2", 125),
        ("yes", 1500, "2.5", 250),
        ("yes", 1501, "3", 200),
        ("yes", 4000, "3.1", 400),
        ("no", 1500, "2", 125),
        ("no", 3500, "3", 200),
        ("no", 3500, "3.1", 400),
        ("no", 3501, "4", 300),
        ("no", 3501, "4.1", 600),
    ],
)
@pytest.mark.parametrize("event", ["cancellation", "denied_boarding"])
def test_rerouting_in_time_halves_what_eu261_owes(
    event: str, inside: str, distance: int, delay: str, owed: int
) -> None:
    assert usual(flight(event, inside, distance, delay)) == owed


def test_under_three_hours_or_in_extraordinary_circumstances_a_delay_owes_nothing() -> None:
    assert flight("delay", "yes", 800, "2.99") == Finding()
    assert usual(flight("delay", "yes", 800, "5", cause="force_majeure")) is None
    assert usual(flight("cancellation", "yes", 800, "5", cause="force_majeure")) is None
    assert usual(flight("denied_boarding", "yes", 800, "5", cause="force_majeure")) == 250


@pytest.mark.parametrize(
    ("inside", "delay", "price", "owed"),
    [
        ("yes", "1", 200, None),
        ("yes", "1.5", 200, 400),
        ("yes", "1.5", 600, 1075),
        ("yes", "2", 200, 800),
        ("yes", "2", 600, 2150),
        ("no", "3.9", 600, 1075),
        ("no", "4", 500, 2000),
        ("no", "4", 900, 2150),
    ],
)
def test_denied_boarding_in_the_us_gives_shares_of_the_fare_up_to_their_caps(
    inside: str, delay: str, price: int, owed: int | None
) -> None:
    known = facts("USD", event="denied_boarding", inside=inside, delay=Decimal(delay), price=price)
    assert usual(evaluate(US250.rules, known)) == owed


def test_refunds_in_the_us_have_their_deadline_by_the_means_of_payment() -> None:
    card = evaluate(US250.rules, facts("USD", event="refund_due", paid_by="card", price=320)).first
    cash = evaluate(US250.rules, facts("USD", event="refund_due", paid_by="other", price=320)).first
    assert card
    assert cash
    assert card.amounts.usual == cash.amounts.usual == 320
    assert card.rule.deadline == Deadline(7, Unit.BUSINESS)
    assert cash.rule.deadline == Deadline(20, Unit.CALENDAR)


@pytest.mark.parametrize(("price", "owed"), [(100, 500), (166, 500), (167, 501), (2000, 6000)])
def test_fraud_in_china_owes_three_times_the_price_and_no_less_than_500(price: int, owed: int) -> None:
    assert usual(evaluate(CN55.rules, facts("CNY", event="fraud", price=price))) == owed


def test_deadlines_count_business_days_or_calendar_days_from_the_day_after() -> None:
    friday = dt.date(2026, 3, 6)

    def weekday(day: dt.date) -> bool:
        return day.weekday() < 5

    assert Deadline(7, Unit.BUSINESS).due(friday, weekday) == dt.date(2026, 3, 17)
    assert Deadline(20, Unit.CALENDAR).due(friday, weekday) == dt.date(2026, 3, 26)


def test_a_share_of_the_loss_is_rounded_to_what_the_currency_has() -> None:
    found = evaluate(HOUSE.rules, facts("JPY", severity="3", loss=Decimal(333))).first
    assert found
    assert found.amounts.usual == Decimal(266)
    found = evaluate(HOUSE.rules, facts("EUR", severity="3", loss=Decimal("33.33"))).first
    assert found
    assert (found.amounts.minimum, found.amounts.usual, found.amounts.maximum) == (
        Decimal(0),
        Decimal("26.66"),
        Decimal("40.00"),
    )


def test_an_unknown_fact_gives_nothing_and_is_named() -> None:
    unknown = evaluate(EU261.rules, facts(event="delay", inside="no", cause="staff"))
    assert unknown.given == ()
    assert unknown.missing == {Fact.DELAY, Fact.DISTANCE}
    assert evaluate(HOUSE.rules, facts(severity="2")).missing == {Fact.LOSS}


def test_only_facts_that_still_matter_are_asked_for() -> None:
    assert set(needed(EU261.rules, facts(cause="staff"))) == {
        Fact.EVENT,
        Fact.INSIDE,
        Fact.DELAY,
        Fact.DISTANCE,
    }
    assert needed(EU261.rules, facts(event="other")) == ()
    # A flight inside the union is never halved for its length, and a short one is never long.
    assert needed(EU261.rules, facts(event="delay", inside="yes", cause="staff", delay=5)) == (Fact.DISTANCE,)


def test_a_rule_that_is_undecided_holds_up_those_below_it() -> None:
    first, second = _rule(number(Fact.DELAY, ">=", "3")), _rule()
    assert evaluate([first, second], facts()) == Finding(missing=frozenset({Fact.DELAY}))
    assert [each.number for each in evaluate([first, second], facts(delay=1)).given] == [2]
    both = evaluate([first, second], facts(delay=4), every=True)
    assert [each.number for each in both.given] == [1, 2]


def test_another_currency_yields_nothing_and_says_which_rule_would_have() -> None:
    known = facts("GBP", event="delay", inside="yes", distance=900, delay=5, cause="staff")
    found = evaluate(EU261.rules, known)
    assert found.given == ()
    assert found.missing == frozenset()
    assert found.other == (EU261.rules[0],)


def test_several_policies_owe_the_largest_minimum_and_reach_to_the_largest_maximum() -> None:
    owed = evaluate(
        EU261.rules, facts(event="delay", inside="yes", distance=900, delay=5, cause="staff")
    ).given
    may = evaluate(HOUSE.rules, facts(severity="2", loss=500)).given
    both = combine([*owed, *may])
    assert both
    assert [both.minimum, both.usual, both.maximum] == [250, 500, 750]
    assert combine([]) is None


def test_the_jurisdictions_of_a_branch_are_its_country_and_union() -> None:
    assert jurisdictions_of("Europe/Berlin") == {"DE", "EU"}
    assert jurisdictions_of("Asia/Shanghai") == {"CN"}
    assert jurisdictions_of("UTC") == frozenset()


# --- what is wrong with rules --------------------------------------------------------------


def _rule(*conditions: Condition, tiers: tuple[Tier, ...] = (exactly("10"),), by: Fact | None = None) -> Rule:
    award = Award(Base.FIXED, tiers, by=by, currency="EUR")
    return Rule("Rule", "规则", conditions, award, ("refund",))


def wrong(*rules: Rule) -> list[tuple[int, bool, str]]:
    return [(each.number, each.grave, str(each)) for each in problems_of(rules)]


def test_the_shipped_policies_are_sound_and_survive_being_kept() -> None:
    for example in EXAMPLES:
        assert problems_of(example.rules) == []
        assert tuple(rule_from_data(rule_to_data(rule)) for rule in example.rules) == example.rules


def test_a_table_with_a_gap_at_its_end_or_with_overlapping_rows_is_not_sound() -> None:
    (gap,) = wrong(_rule(tiers=(exactly("1", "10"), exactly("2", "20")), by=Fact.DISTANCE))
    assert gap[1]
    assert "gap" in gap[2]
    (overlap,) = wrong(_rule(tiers=(exactly("1", "20"), exactly("2", "10"), exactly("3")), by=Fact.DISTANCE))
    assert overlap[1]
    assert "overlap" in overlap[2]
    assert wrong(_rule(tiers=(exactly("1"), exactly("2", "10")), by=Fact.DISTANCE))[0][1]


def test_rules_that_leave_numbers_out_or_take_them_twice_are_named() -> None:
    early, late = _rule(number(Fact.DELAY, "<", "2")), _rule(number(Fact.DELAY, ">=", "3"))
    assert wrong(early, late) == [(2, False, "There is a gap before it: no rule covers 2 to 3.")]
    twice = _rule(number(Fact.DELAY, ">=", "1"), is_(Fact.TIER, "gold"))
    assert wrong(early, twice) == [(2, False, "It overlaps with rule 1, which comes first.")]
    assert wrong(early, _rule(number(Fact.DELAY, ">=", "2"))) == []


def test_a_rule_that_can_never_apply_is_not_sound() -> None:
    narrow = _rule(is_(Fact.TIER, "gold"), number(Fact.DELAY, ">", "5"))
    (hidden,) = wrong(_rule(is_(Fact.TIER, "gold", "silver")), narrow)
    assert hidden[:2] == (2, True)
    assert "never reached" in hidden[2]
    assert wrong(_rule(number(Fact.DELAY, ">", "5"), number(Fact.DELAY, "<", "5")))[0][1]


def test_amounts_must_rise_and_have_a_currency_that_is_asked_for() -> None:
    assert wrong(_rule(tiers=(between("5", "4", "6"),)))[0][1]
    assert wrong(_rule(tiers=(between("-1", "4", "6"),)))[0][1]
    assert "another" in wrong(_rule(is_(Fact.CURRENCY, "USD")))[0][2]
    nowhere = Rule("Rule", "规则", (), Award(Base.FIXED, (exactly("1"),), currency="XXX"), ("refund",))
    assert "currency" in wrong(nowhere)[0][2]


def test_what_people_type_is_read_as_it_is_written_or_refused() -> None:
    tiers = (exactly("250", "1500"), between("1", "2.5", "3"))
    assert tiers_from_text(tiers_to_text(tiers)) == tiers
    groups = EU261.rules[3].award.halved
    assert groups_from_text(groups_to_text(groups)) == groups
    assert bounds_from_text("> 1, ≤ 2", Fact.DELAY) == (
        number(Fact.DELAY, ">", "1"),
        number(Fact.DELAY, "<=", "2"),
    )
    for text in ("3", "> x", "=> 3"):
        with pytest.raises(UnreadableError):
            bounds_from_text(text, Fact.DELAY)
    for text in ("1 | 2", "* | a | b | c", "* | NaN | 1 | 2"):
        with pytest.raises(UnreadableError):
            tiers_from_text(text)
    with pytest.raises(UnreadableError):
        groups_from_text("weather > 3")
