"""What a text is found by."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from common.search_text import (
    LONGEST_TOKEN,
    MOST_QUERY_TOKENS,
    MOST_TOKENS,
    document_text,
    document_tokens,
    joined_document,
    joined_tokens,
    normalise,
    query_tokens,
    search_document,
    tokens,
)

HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FFF)
RARE_HAN = st.characters(min_codepoint=0x20000, max_codepoint=0x2A6DF)
ANYTHING = st.text(st.one_of(HAN, st.characters(codec="utf-8"), st.sampled_from(" -.@+，。'\\")))


PLAIN = st.text(st.sampled_from("abcZ09-.@+_ \n\t'/"))
TYPED = st.text(st.sampled_from("abZ09-.@+ …’‘“”–—'"))
HAN_RUN = r"[\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"


def by_the_book(text: str) -> list[str]:
    """The tokens of a text the long way round: normal form, runs, words and parts, one after the other."""
    folded = unicodedata.normalize("NFKC", text).replace("\x00", "").lower()
    found: list[str] = []
    for stretch in re.split(f"({HAN_RUN})", folded):
        if re.fullmatch(HAN_RUN, stretch):
            found += [*stretch, *(one + other for one, other in pairwise(stretch))]
            continue
        for word in re.findall(r"[^\W_]+(?:[-.@+][^\W_]+)*", stretch):
            found += [token[:LONGEST_TOKEN] for token in (word, *re.split(r"[-.@+]", word))]
    return list(dict.fromkeys(found))


@given(st.one_of(PLAIN, TYPED, ANYTHING))
def test_the_quick_ways_find_what_the_long_way_finds(text: str) -> None:
    assert tokens(text) == by_the_book(text)
    assert normalise(text) == unicodedata.normalize("NFKC", text).replace("\x00", "").lower()


@given(ANYTHING, PLAIN)
def test_tokens_found_apart_are_those_of_the_whole(first: str, second: str) -> None:
    assert joined_tokens(document_tokens([first]), document_tokens([second])) == tokens(f"{first}\n{second}")


@given(ANYTHING, PLAIN)
def test_a_document_joined_as_text_holds_the_tokens_of_both(first: str, second: str) -> None:
    found = document_tokens([first])
    joined = joined_document(found, document_text(document_tokens([second])))
    assert set(joined.split()) == set(joined_tokens(found, document_tokens([second])))


def test_a_document_joined_as_text_has_its_bound() -> None:
    many = [f"w{n}" for n in range(MOST_TOKENS)]
    joined = joined_document(["first", "second"], document_text(many))
    assert joined == document_text(joined_tokens(["first", "second"], many))
    assert len(joined.split()) == MOST_TOKENS


@given(before=ANYTHING, word=st.text(st.one_of(HAN, RARE_HAN), min_size=2, max_size=2), after=ANYTHING)
def test_any_two_character_chinese_word_is_found_whatever_stands_around_it(
    before: str, word: str, after: str
) -> None:
    assert set(query_tokens(word)) <= set(tokens(before + word + after))


@given(ANYTHING)
def test_a_text_is_found_by_itself(text: str) -> None:
    assert set(query_tokens(text)) <= set(tokens(text))


@given(ANYTHING)
def test_tokens_come_once_are_short_and_need_no_escape(text: str) -> None:
    found = tokens(text)
    assert len(found) == len(set(found))
    assert all(0 < len(token) <= LONGEST_TOKEN for token in found)
    assert not any(character in token for token in found for character in "'\\\x00 ")


@given(st.from_regex(r"[a-z0-9]{1,8}(?:[-.@+][a-z0-9]{1,8}){0,3}", fullmatch=True))
def test_plain_words_give_the_same_tokens_alone_and_beside_chinese(word: str) -> None:
    assert set(tokens(word)) == set(tokens(f"投诉 {word}，")) - set(tokens("投诉"))


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("iPhone手机坏了", "手机"),
        ("iPhone手机坏了", "iphone"),
        ("A4区物业乱收费", "物业"),
        ("第３号窗口", "3"),
        ("Ordered AB-1234 twice", "ab-1234"),
        ("Ordered AB-1234 twice", "1234"),
        ("Write to jo.smith+desk@example.com", "example"),
        ("Ｆｕｌｌ ｗｉｄｔｈ", "full width"),
        ("二〇二六年", "〇二"),
    ],
)
def test_what_people_type_finds_it(text: str, query: str) -> None:
    assert set(query_tokens(query)) <= set(tokens(text))


def test_a_query_is_bounded() -> None:
    assert len(query_tokens("word" + " more" * 3 + " ".join(f"w{n}" for n in range(99)))) == MOST_QUERY_TOKENS


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["", "plain words-joined", "手机 iPhone 坏了", "it's \\ odd"])
def test_the_text_for_copy_is_what_the_expression_stores(text: str) -> None:
    document = search_document([text])
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_to_tsvector(%s) = %s::tsvector", [tokens(text), document_text(document)])
        assert cursor.fetchone() == (True,)
