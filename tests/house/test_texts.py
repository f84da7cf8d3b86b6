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


def test_chinese_texts_use_full_width_punctuation() -> None:
    half_width = re.compile(r"[\u4e00-\u9fff][,;:?!](?:\s|$|[\u4e00-\u9fff])")
    for path in messages.catalogues():
        for message in messages.read(path):
            for text in messages.forms(message.string):
                assert not half_width.search(text), text
