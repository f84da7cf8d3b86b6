"""The language that the phrases of the lexicon are written in."""

import pytest

from cases.suggestion import suggest
from cases.suggestion.phrases import HAN, LATIN, inflections, patterns


@pytest.mark.parametrize(
    "text",
    [
        "It happened again.",
        "I appreciate it.",
        "这件事happened很久了。",
        "在snapp里打不开。",
        "apple打不开。",
    ],
)
def test_a_latin_phrase_is_no_part_of_a_longer_word_in_any_text(text: str) -> None:
    assert "app" not in {each.words for each in suggest(text).evidence}


@pytest.mark.parametrize("text", ["12306app打不开。", "他们的APP总是闪退。", "用app2打不开。"])
def test_a_latin_word_between_han_letters_and_numbers_is_found(text: str) -> None:
    assert suggest(text).defect == "cumbersome"


def test_an_amount_may_follow_the_sign_of_its_currency() -> None:
    assert suggest("They charged me $130.").defect == "unreasonable"


@pytest.mark.parametrize(
    "phrase", ["", "... end", "start ...", "some? thing", "a ... b?", "mid?dle word", "# hours"]
)
def test_a_malformed_phrase_is_refused(phrase: str) -> None:
    with pytest.raises(ValueError, match=r"phrase|missing|gap"):
        list(patterns(phrase, LATIN))


def test_phrases_expand_to_anchors() -> None:
    assert {anchor for anchor, _ in patterns("lost my|our? bag", LATIN)} == {
        "lost my bag",
        "lost our bag",
        "lost bag",
    }
    assert {anchor for anchor, _ in patterns("did n't call", LATIN)} == {
        "didn't call",
        "didnt call",
        "did n't call",
    }
    assert {anchor for anchor, _ in patterns("上菜 太? 慢", HAN)} == {"上菜慢", "上菜太慢"}
    assert [anchor for anchor, tail in patterns("lost ... bag", LATIN) if tail] == ["lost"]


def test_simple_inflections() -> None:
    assert {"cancels", "cancelled", "cancelling", "canceled"} <= inflections("cancel")
    assert {"promises", "promised", "promising"} <= inflections("promise")
    assert {"replies", "replied", "replying"} <= inflections("reply")
