"""No text outside the catalogues, and every text in every language."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from scripts import messages

ROOT = Path(messages.__file__).resolve().parent.parent
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
# Names, keys and languages in their own words need no translation.
SAME_EVERYWHERE = {"Amends", "Ctrl", "Enter", "Esc", "English", "Shift", "Tab", "CSV", "API", "amends-demo"}
ATTRIBUTES = re.compile(r"""\b(?:aria-label|title|placeholder|alt|data-kept|data-restored)="([^"]*)\"""")
DROPPED = (
    r"\{%\s*comment\s*%\}.*?\{%\s*endcomment\s*%\}",
    r"\{#.*?#\}",
    r"\{%\s*blocktranslate\b.*?%\}.*?\{%\s*endblocktranslate\s*%\}",
    r"\{%.*?%\}",
    r"\{\{.*?\}\}",
    r"<!--.*?-->",
    r"<(script|style|svg)\b.*?</\1>",
)


def bare_words(template: str) -> list[str]:
    """Words that a reader would see and that no tag translates."""
    text = template
    for pattern in DROPPED:
        text = re.sub(pattern, " ", text, flags=re.S)
    shown = " ".join([*ATTRIBUTES.findall(text), re.sub(r"<[^>]*>", " ", text, flags=re.S)])
    shown = re.sub(r"&\w+;", " ", shown)
    return [word for word in re.findall(r"[A-Za-z][A-Za-z'-]{2,}", shown) if word not in SAME_EVERYWHERE]


def test_the_check_itself_finds_bare_words() -> None:
    assert bare_words('<p title="Bad">{% translate "Good" %} Ugly {{ fine }}</p>') == ["Bad", "Ugly"]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_a_template_holds_no_text_outside_the_catalogue(path: Path) -> None:
    assert bare_words(path.read_text(encoding="utf-8")) == []


def test_there_is_a_chinese_catalogue() -> None:
    assert [path.parent.parent.name for path in messages.catalogues()] == ["zh_Hans"]


def test_every_text_is_translated_and_keeps_its_placeholders() -> None:
    wanted = messages.collect()
    for path in messages.catalogues():
        assert messages.problems(path, wanted) == []


HAN = r"[\u4e00-\u9fff]"
# Also beside a placeholder: what is put in there is Chinese as a rule. An hour is parted from its minutes.
HALF_WIDTH = re.compile(
    rf"{HAN}\s*[,;:?!]|[,;:?!]\s*{HAN}|(?:\}}|\)[sd]|%s)\s*[,;?!]|(?:\}}|\)[sd]|%s):\s|[,;:?!]\s+(?:\{{|%\()"
)


def test_chinese_texts_use_full_width_punctuation() -> None:
    found = [
        text
        for path in messages.catalogues()
        for message in messages.read(path)
        for text in messages.forms(message.string)
        if re.search(HAN, text) and HALF_WIDTH.search(text)
    ]
    assert found == []


@pytest.mark.parametrize(
    "text", ["受理,核实", "受理, 核实", "受理: {name}", "由 {name}, {when}", "好的!", "%(n)s; 好"]
)
def test_half_width_punctuation_is_found(text: str) -> None:
    assert HALF_WIDTH.search(text)


@pytest.mark.parametrize(
    "text", ["受理，核实", "{hours}:{minutes}", "9:00 到 {end}", "见 Smith, Bolton & Wagner"]
)
def test_punctuation_of_numbers_and_names_is_left_alone(text: str) -> None:
    assert not HALF_WIDTH.search(text)


def joined_by_hand(template: str) -> list[str]:
    """Values that a comma, a colon or a semicolon parts outside of any translated text."""
    text = template
    for pattern in DROPPED:
        text = re.sub(
            pattern, "\x00" if "{" in pattern and "comment" not in pattern else "", text, flags=re.DOTALL
        )
    text = re.sub(r"<[^<>]*>", "", text)
    return re.findall(r".*(?:\x00[,;:]\s|\x00\s+[,;:]\s|\s[,;:]\s+\x00).*", text)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates")))
def test_a_template_leaves_punctuation_to_the_language(path: Path) -> None:
    assert joined_by_hand(path.read_text(encoding="utf-8")) == []
