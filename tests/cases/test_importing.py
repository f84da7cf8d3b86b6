"""Reading other systems' files: what a row is, what a profile makes of it, and what is refused."""

from __future__ import annotations

import datetime as dt
import gzip
from collections import deque
from itertools import islice
from pathlib import Path

import pytest

from cases.importing import (
    BrokenRow,
    FileProblem,
    Profile,
    ProfileProblem,
    Record,
    RecordReader,
    RefusedRows,
    Row,
    RowFile,
    Unusable,
    load_profile,
    profile_names,
    refused_path,
)
from cases.importing.rows import LONGEST_FIELD

NOW = dt.datetime(2026, 3, 2, 10, 0, tzinfo=dt.UTC)


def rows_of(folder: Path, content: str | bytes) -> list[Row | BrokenRow]:
    path = folder / "rows.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with RowFile(path) as rows:
        return list(rows)


def sound(found: list[Row | BrokenRow]) -> list[list[str]]:
    return [row.values for row in found if isinstance(row, Row)]


def reasons(found: list[Row | BrokenRow]) -> list[tuple[int, str]]:
    return [(row.line, row.reason) for row in found if isinstance(row, BrokenRow)]


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
def test_a_byte_order_mark_is_no_part_of_the_header(tmp_path: Path, start: bytes) -> None:
    path = tmp_path / "rows.csv"
    path.write_bytes(start + b"id,text\n1,hello\n")
    with RowFile(path) as rows:
        assert rows.header == ["id", "text"]
        assert sound(list(rows)) == [["1", "hello"]]


def test_gzip_is_known_by_its_content(tmp_path: Path) -> None:
    assert sound(rows_of(tmp_path, gzip.compress("id,text\n1,你好\n".encode()))) == [["1", "你好"]]


def test_texts_keep_their_lines_commas_and_quotes_and_lose_nul(tmp_path: Path) -> None:
    found = rows_of(tmp_path, 'id,text\r\n1,"two\r\nlines, ""quoted"""\r\n\r\n2,nul\x00here\r\n')
    assert sound(found) == [["1", 'two\r\nlines, "quoted"'], ["2", "nulhere"]]
    assert [row.line for row in found] == [2, 5]


def test_rows_with_another_number_of_columns_are_refused_alone(tmp_path: Path) -> None:
    found = rows_of(tmp_path, 'id,text\n1,a\n2\n3,b,c\n4,d\n5,"several\nlines",and,more\n6,e\n')
    assert sound(found) == [["1", "a"], ["4", "d"], ["6", "e"]]
    expected = "{} columns where the header has 2"
    assert reasons(found) == [(3, expected.format(1)), (4, expected.format(3)), (6, expected.format(4))]


def test_a_quotation_mark_that_is_never_closed_does_not_swallow_the_rows_after_it(tmp_path: Path) -> None:
    found = rows_of(tmp_path, 'id,text,more\n1,"never closed,x\n2,"sound, quoted",y\n3,plain,z\n')
    assert sound(found) == [["2", "sound, quoted", "y"], ["3", "plain", "z"]]
    assert reasons(found) == [(2, "broken quotation marks")]


def test_the_lines_of_a_torn_row_are_told_as_one(tmp_path: Path) -> None:
    found = rows_of(
        tmp_path, 'id,text,more\n1,"torn\nsecond line\nthird line\n2,sound,x\n3,"torn at the end,y\n'
    )
    assert sound(found) == [["2", "sound", "x"]]
    assert [line for line, _reason in reasons(found)] == [2, 6]


def test_quotation_marks_inside_a_single_line_are_taken_as_they_stand(tmp_path: Path) -> None:
    assert sound(rows_of(tmp_path, 'id,text\n1,they said "wait" twice\n2,"x" y\n')) == [
        ["1", 'they said "wait" twice'],
        ["2", "x y"],
    ]


def test_bytes_that_are_no_utf_8_cost_their_row_only(tmp_path: Path) -> None:
    found = rows_of(tmp_path, b"id,text\n1,a\n2,caf\xe9\n3,b\n")
    assert sound(found) == [["1", "a"], ["3", "b"]]
    assert reasons(found) == [(3, "characters that are not UTF-8")]


def test_long_texts_are_read_and_endless_ones_refused(tmp_path: Path) -> None:
    long, endless = "x" * 500_000, "x" * (LONGEST_FIELD + 1)
    found = rows_of(tmp_path, f"id,text\n1,{long}\n2,{endless}\n3,after\n")
    assert sound(found) == [["1", long], ["3", "after"]]
    assert [line for line, _reason in reasons(found)] == [3]


@pytest.mark.parametrize("content", [b"", b"\n\n", gzip.compress(b"", mtime=0)])
def test_a_file_without_header_is_a_problem(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FileProblem, match="no header"):
        rows_of(tmp_path, content)


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match="can't be read"):
        RowFile(tmp_path / "nothing.csv")


def test_a_gzip_file_that_ends_too_early_gives_its_rows_and_says_so(tmp_path: Path) -> None:
    whole = "id,text\n" + "".join(f"{n},{n * 7919 % 10007}\n" for n in range(20_000))
    path = tmp_path / "rows.csv.gz"
    path.write_bytes(gzip.compress(whole.encode())[:-2000])
    with RowFile(path) as rows:
        ahead = iter(rows)
        assert len(list(islice(ahead, 1000))) == 1000
        with pytest.raises(FileProblem, match="damaged after line"):
            deque(ahead)


# Profiles

SMALL = """
source = "small"
language = "en"
time_zone = "Asia/Shanghai"
undated = 2020-01-31
channel = "web"
[branch]
code = "small"
name_en = "Small"
name_zh = "小"
currency = "EUR"
[columns]
reference = "id"
description = ["text", "title"]
summary = "title"
received = "day"
received_time = "hour"
replied = "answered"
reply = "answer"
[dates]
formats = ["%d-%m-%y", "%m/%d/%Y", "%Y/%m/%d %H:%M:%S"]
times = ["%I:%M:%S %p"]
[customer]
reference = "who"
unnamed = "Writer of {reference}"
[states]
column = "status"
values = { "Open" = "open" }
[failures]
column = "label"
values = { "Late" = { type = "outcome", defect = "promise_not_kept" } }
"""


def small(folder: Path, **changes: str) -> Profile:
    text = SMALL
    for old, new in changes.items():
        text = text.replace(old, new)
    path = folder / "small.toml"
    path.write_text(text)
    return load_profile(str(path))


def read(profile: Profile, **values: str) -> Record:
    header = list(values)
    return RecordReader(profile, header, now=NOW).read(Row(2, list(values.values())))


def test_every_profile_of_the_product_is_sound() -> None:
    names = profile_names()
    assert {"airline_failures", "cfpb_complaints", "comcast_complaints", "gov_replies"} <= set(names)
    assert [load_profile(name).source for name in names] == names


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('channel = "web"', 'channel = "pigeon"', "pigeon"),
        ('reference = "id"', 'refrence = "id"', "refrence"),
        ('description = ["text", "title"]', "", "description"),
        ('time_zone = "Asia/Shanghai"', 'time_zone = "Asia/Nowhere"', "Nowhere"),
        ('"Open" = "open"', '"Open" = "waiting"', "waiting"),
        ("undated = 2020-01-31", "", "undated"),
        ("undated = 2020-01-31", 'undated = "soon"', "undated"),
        ('source = "small"', "source = ", "TOML"),
        ('"%m/%d/%Y"', '"%m/%d/%Q"', "%Q"),
        ('"%m/%d/%Y"', '"%m/%d/%m"', "%m/%d/%m"),
        ('type = "outcome"', 'type = "weather"', "weather"),
    ],
)
def test_a_wrong_profile_is_refused_with_what_is_wrong(
    tmp_path: Path, old: str, new: str, complaint: str
) -> None:
    with pytest.raises(ProfileProblem, match=complaint):
        small(tmp_path, **{old: new})


def test_an_unknown_profile_names_those_there_are() -> None:
    with pytest.raises(ProfileProblem, match="cfpb_complaints"):
        load_profile("nonsense")
    with pytest.raises(ProfileProblem, match="can't be read"):
        load_profile("/nowhere/profile.toml")


def test_a_header_without_the_description_is_a_problem_that_names_both(tmp_path: Path) -> None:
    with pytest.raises(FileProblem, match=r"text or title.*it has: id, body"):
        read(small(tmp_path), id="1", body="A complaint")


# Records


def test_the_first_column_with_a_value_is_the_description(tmp_path: Path) -> None:
    profile = small(tmp_path)
    assert read(profile, id="1", text=" Too late ", title="Late").description == "Too late"
    assert read(profile, id="1", text="  ", title="Late").description == "Late"


@pytest.mark.parametrize("text", ["", "   ", "…", "--- !!!"])
def test_a_row_without_words_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(Unusable, match="no complaint text"):
        read(small(tmp_path), id="1", text=text)


@pytest.mark.parametrize(
    ("day", "hour", "expected"),
    [
        ("22-04-15", "3:53:50 PM", "2015-04-22T07:53:50"),
        ("4/8/2015", "10:22:56 AM", "2015-04-08T02:22:56"),
        ("4/8/2015", "", "2015-04-07T16:00:00"),
        ("4/8/2015", "teatime", "2015-04-07T16:00:00"),
        ("2019/4/25 9:32:09", "", "2019-04-25T01:32:09"),
        ("2019-04-25T09:32:09Z", "", "2019-04-25T09:32:09"),
        ("2019-04-25", "", "2019-04-24T16:00:00"),
        ("31-02-15", "", None),
        ("soon", "", None),
        ("", "", None),
        ("0001-01-01", "", None),
        ("1899-12-30", "", None),
        ("2026-03-04", "", None),
        ("9999-12-31", "", None),
    ],
)
def test_dates_are_read_in_each_format_and_the_profiles_zone(
    tmp_path: Path, day: str, hour: str, expected: str | None
) -> None:
    found = read(small(tmp_path), id="1", text="Late", day=day, hour=hour).received_at
    assert (found.isoformat()[:19] if found else None) == expected


def test_telecom_dates_of_both_kinds_are_in_the_order_of_their_tickets() -> None:
    """Made-up rows of that shape: numbers rise with time, whichever way a date is written."""
    profile = load_profile("comcast_complaints")
    told = [
        ("100", "30-04-15"),
        ("101", "5/2/2015"),
        ("102", "5/12/2015"),
        ("103", "13-05-15"),
        ("104", "6/1/2015"),
    ]
    found = [
        read(profile, Ticket=ticket, Customer_Complaint="Slow", Date=day, Time="1:00:00 PM").received_at
        for ticket, day in told
    ]
    assert None not in found
    assert found == sorted(moment for moment in found if moment)


def test_an_offset_in_the_text_wins_over_the_profiles_zone() -> None:
    record = read(
        load_profile("airline_failures"),
        tweet_id="1",
        text="Late again",
        tweet_created="2015-02-17 15:05:12 -0800",
    )
    assert record.received_at == dt.datetime(2015, 2, 17, 23, 5, 12, tzinfo=dt.UTC)


def test_a_reply_before_the_complaint_has_no_usable_time_unless_it_is_of_that_day(tmp_path: Path) -> None:
    profile = small(tmp_path)
    asked = {"id": "1", "text": "Why?", "day": "2019/4/25 9:32:09", "answer": "Because."}
    assert read(profile, **asked, answered="2019/4/24 9:00:00").replied_at is None
    same_day = read(profile, **asked, answered="2019-04-25")
    assert same_day.replied_at == same_day.received_at


def test_labels_are_compared_without_case_and_space(tmp_path: Path) -> None:
    profile = small(tmp_path)
    record = read(profile, id="1", text="Late", status=" OPEN ", label="late")
    assert record.state == "open"
    assert record.failure is not None
    assert record.failure.defect == "promise_not_kept"
    other = read(profile, id="1", text="Late", status="Shut", label="Can't tell")
    assert (other.state, other.failure) == ("resolved", None)


def test_what_nobody_has_replied_to_is_open_where_the_file_tells_replies(tmp_path: Path) -> None:
    profile = small(tmp_path)
    assert read(profile, id="1", text="Why?", answer="").state == "open"
    assert read(profile, id="1", text="Why?", answer="Because.").state == "resolved"
    assert read(profile, id="1", text="Why?").state == "resolved"


def test_rows_without_reference_are_known_by_their_content(tmp_path: Path) -> None:
    profile = small(tmp_path)
    first, same, other = (read(profile, id="", text=text).reference for text in ("Late", "Late", "Later"))
    assert first == same != other


# Refused rows


def test_refused_rows_can_be_corrected_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "rows.refused.csv"
    kept = RefusedRows(path, ["id", "text"])
    kept.add(3, "no complaint text", ["1", ""])
    kept.add(4, "characters that are not UTF-8", ["2", b"caf\xe9".decode(errors="surrogateescape")])
    kept.close(complete=True)
    assert path.read_bytes().endswith(b"caf\xe9\r\n")
    with RowFile(path) as rows:
        assert rows.header == ["line", "reason", "id", "text"]
        assert sound(list(rows)) == [["3", "no complaint text", "1", ""]]


def test_no_refused_row_leaves_no_file_and_takes_an_outdated_one_away(tmp_path: Path) -> None:
    path, other = tmp_path / "rows.refused.csv", tmp_path / "other.csv"
    path.write_text("line,reason,id\n2,no complaint text,1\n")
    other.write_text("somebody's own file\n")
    for each in (path, other):
        RefusedRows(each, ["id"]).close(complete=True)
    assert not path.exists()
    assert other.exists()


def test_refused_rows_go_beside_the_file(tmp_path: Path) -> None:
    assert refused_path(tmp_path / "a.csv.gz", fallback=tmp_path / "x") == tmp_path / "a.refused.csv"
    assert list(tmp_path.iterdir()) == []


def test_refused_rows_go_elsewhere_where_the_folder_takes_none(tmp_path: Path) -> None:
    blocker = tmp_path / "blocker"
    blocker.write_text("a file where a folder should be")
    fallback = tmp_path / "fallback"
    assert refused_path(blocker / "a.csv", fallback=fallback) == fallback / "a.refused.csv"
