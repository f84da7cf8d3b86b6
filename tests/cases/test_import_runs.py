"""Runs of an import: each row gets in once, refused ones are kept, and a batch costs the same at any size."""

from __future__ import annotations

import csv
import gzip
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from accounts.models import Branch
from audit.models import Event
from cases.actions import import_cases as importing
from cases.models import Case, TimelineEntry
from customers.models import Customer
from sla.models import Calendar
from tests.cases.import_files import BANK, LETTER, Write, bank_row, letter_row, run
from tests.factories import make_branch

pytestmark = pytest.mark.django_db


def test_it_may_be_run_again_and_adds_only_what_is_new(write: Write) -> None:
    run(write(BANK, bank_row(1), bank_row(2)), "cfpb_complaints")
    before = (
        Case.objects.count(),
        Customer.objects.count(),
        Event.objects.count(),
        TimelineEntry.objects.count(),
    )
    assert "2 already there" in run(write(BANK, bank_row(1), bank_row(2)), "cfpb_complaints")
    assert before == (
        Case.objects.count(), Customer.objects.count(), Event.objects.count(), TimelineEntry.objects.count()
    )  # fmt: skip
    output = run(write(BANK, bank_row(3), bank_row(1), bank_row(4)), "cfpb_complaints")
    assert "2 in" in output
    assert "1 already there" in output


@pytest.mark.parametrize("batch", [1, 2, 1000])
def test_a_row_that_comes_twice_in_a_file_gets_in_once(write: Write, batch: int) -> None:
    rows = (bank_row(1), bank_row(1), bank_row(2), bank_row(1, text="Something else went wrong altogether."))
    output = run(write(BANK, *rows), "cfpb_complaints", batch=batch)
    assert "2 in" in output
    assert "1 already there" in output
    assert "1 × another text under a reference" in output
    assert Case.objects.count() == 2


def test_refused_rows_are_kept_beside_the_file_with_their_reasons(write: Write, tmp_path: Path) -> None:
    path = write(BANK, bank_row(1, text=" "), bank_row(2), ("too", "short"), name="mixed.csv")
    output = run(path, "cfpb_complaints")
    refused = tmp_path / "mixed.refused.csv"
    assert "2 refused" in output
    assert str(refused) in output
    with refused.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["line", "reason", *BANK]
    assert [row[:2] for row in rows[1:]] == [
        ["2", "no complaint text"],
        ["4", "2 columns where the header has 6"],
    ]


def test_corrected_refusals_get_in_from_the_refused_file(write: Write, tmp_path: Path) -> None:
    run(write(BANK, bank_row(1, text=" ")), "cfpb_complaints")
    refused = tmp_path / "rows.refused.csv"
    corrected = tmp_path / "corrected.csv"
    corrected.write_text(refused.read_text().replace(", ,", ",They never answered.,"))
    assert "1 in" in run(corrected, "cfpb_complaints")
    assert Case.objects.get().description == "They never answered."


def test_a_row_that_the_database_refuses_costs_that_row_only(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = importing.RowMaker.check

    def check_and_spoil(self: importing.RowMaker, *given: Any) -> Any:
        checked = check(self, *given)
        if checked.record.reference == "2":
            object.__setattr__(checked.new, "channel", "a channel with too long a name")
        return checked

    monkeypatch.setattr(importing.RowMaker, "check", check_and_spoil)
    output = run(write(BANK, *(bank_row(n) for n in range(1, 5))), "cfpb_complaints")
    assert "3 in" in output
    assert "the database refuses it" in output
    assert set(Case.objects.values_list("external_reference", flat=True)) == {"1", "3", "4"}


def test_the_profiles_branch_is_made_once_and_works_in_its_own_time_zone(write: Write) -> None:
    run(write(LETTER, letter_row(1)), "gov_replies")
    run(write(LETTER, letter_row(2)), "gov_replies")
    branch = Branch.objects.get()
    calendar = Calendar.objects.get(code=branch.code)
    assert (branch.code, branch.currency, branch.time_zone) == ("imported-cn", "CNY", "Asia/Shanghai")
    assert (calendar.time_zone, calendar.holiday_country) == ("Asia/Shanghai", "CN")
    assert Event.objects.filter(stream=f"branch:{branch.pk}", verb="branch.created").count() == 1


def test_a_named_branch_is_used_and_none_is_made(write: Write) -> None:
    make_branch("harbour", currency="GBP")
    run(write(BANK, bank_row(1)), "cfpb_complaints", branch="harbour")
    assert (Case.objects.get().branch.code, Case.objects.get().currency) == ("harbour", "GBP")
    assert Branch.objects.count() == 1


def test_an_unknown_branch_is_refused_with_those_there_are(write: Write) -> None:
    path = write(BANK, bank_row(1))
    with pytest.raises(CommandError, match="There is no branch yet"):
        run(path, "cfpb_complaints", branch="nowhere")
    make_branch("harbour")
    make_branch("airport")
    with pytest.raises(CommandError, match="There is no branch nowhere; there are: airport, harbour"):
        run(path, "cfpb_complaints", branch="nowhere")
    assert not Case.objects.exists()


def test_a_file_that_can_not_be_read_leaves_nothing_behind(tmp_path: Path, write: Write) -> None:
    with pytest.raises(CommandError, match="can't be read"):
        run(tmp_path / "nothing.csv", "cfpb_complaints")
    with pytest.raises(CommandError, match="There is no profile"):
        run(write(BANK), "nonsense")
    assert not Branch.objects.exists()


def test_limit_reads_no_more_rows(write: Write) -> None:
    output = run(write(BANK, *(bank_row(n) for n in range(5))), "cfpb_complaints", limit=3, batch=2)
    assert "3 rows read" in output
    assert Case.objects.count() == 3


def test_running_again_over_many_rows_is_one_question_a_batch(
    write: Write, django_assert_max_num_queries: Any
) -> None:
    path = write(BANK, *(bank_row(n) for n in range(20)))
    run(path, "cfpb_complaints")
    with django_assert_max_num_queries(40):
        assert "20 already there" in run(path, "cfpb_complaints", batch=5)


@pytest.mark.parametrize("rows", [10, 100])
def test_a_batch_takes_the_same_number_of_queries_however_many_rows_it_has(
    write: Write, rows: int, django_assert_max_num_queries: Any
) -> None:
    path = write(BANK, *(bank_row(n) for n in range(rows)))
    # Making the branch and its calendar takes a dozen of them, once.
    with django_assert_max_num_queries(48):
        run(path, "cfpb_complaints")


def test_a_refused_row_costs_no_row_of_the_next_batch_whose_customer_is_the_same(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    check, tried = importing.RowMaker.check, Counter[str]()

    def check_and_spoil(self: importing.RowMaker, *given: Any) -> Any:
        checked = check(self, *given)
        if checked.record.reference == "2":
            object.__setattr__(checked.new, "channel", "a channel with too long a name")
        return checked

    write_alone = importing._Run._write_alone

    def count_alone(self: Any, checked: Any) -> None:
        tried[checked.record.reference] += 1
        write_alone(self, checked)

    monkeypatch.setattr(importing.RowMaker, "check", check_and_spoil)
    monkeypatch.setattr(importing._Run, "_write_alone", count_alone)
    rows = [letter_row(number, who="U9") for number in range(1, 7)]
    output = run(write(LETTER, *rows), "gov_replies", batch=2)
    assert "5 in" in output
    assert "1 refused" in output
    assert Customer.objects.get(external_reference="U9").cases.count() == 5
    # Only the batch that held it was taken apart.
    assert set(tried) == {"1", "2"}


def test_many_rows_get_in_batch_by_batch_and_a_second_run_adds_the_new_ones_among_them(write: Write) -> None:
    assert "400 in" in run(write(BANK, *(bank_row(n) for n in range(400))), "cfpb_complaints")
    output = run(write(BANK, *(bank_row(n) for n in range(0, 800, 2))), "cfpb_complaints")
    assert "200 in" in output
    assert "200 already there" in output
    assert Case.objects.values("external_reference").distinct().count() == Case.objects.count() == 600
    assert Case.objects.values("number").distinct().count() == 600


def test_what_stands_before_the_damage_of_a_file_gets_in(write: Write, tmp_path: Path) -> None:
    path = write(BANK, *(bank_row(n) for n in range(300)))
    packed = gzip.compress(path.read_bytes())
    damaged = tmp_path / "damaged.csv.gz"
    damaged.write_bytes(packed[: len(packed) * 3 // 4])
    with pytest.raises(CommandError, match="damaged after line") as raised:
        run(damaged, "cfpb_complaints")
    [line] = re.findall(r"after line (\d+)", str(raised.value))
    # The header is the first line; the last row may be torn.
    assert int(line) - 2 <= Case.objects.count() <= int(line) - 1
    assert Case.objects.count() > 125
