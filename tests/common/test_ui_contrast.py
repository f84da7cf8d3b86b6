"""The colours of the look: text must be readable, and controls visible, in both themes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from recovery.environment import BASE_DIR

SOURCE = (Path(BASE_DIR) / "static" / "css" / "amends.css").read_text(encoding="utf-8")
TOKENS = dict(re.findall(r"--am-([a-z-]+): light-dark\((#[0-9a-f]{3,6}, #[0-9a-f]{3,6})\);", SOURCE))
THEMES = {"light": 0, "dark": 1}

GROUNDS = ("paper", "surface", "raised")
# WCAG 2.2, 1.4.3: text at least 4.5:1 against what lies behind it.
TEXT = [
    *((ink, ground) for ink in ("ink", "quiet") for ground in (*GROUNDS, "accent-soft")),
    *((ink, ground) for ink in ("accent", "late", "risk", "good", "gold") for ground in GROUNDS),
    *((tone, f"{tone}-soft") for tone in ("accent", "late", "risk", "good", "gold", "process", "outcome")),
    *(("ink", f"{tone}-soft") for tone in ("late", "risk", "good", "gold")),
    ("on-accent", "accent"),
    ("on-accent", "accent-strong"),
    ("on-late", "late"),
    ("late", "accent-soft"),
    ("risk", "accent-soft"),
]
# WCAG 2.2, 1.4.11: what shows a control, and the marks of the range, at least 3:1.
SHAPES = [
    *(("control", ground) for ground in GROUNDS),
    *((tone, "line") for tone in ("accent", "late", "risk", "good")),
    ("accent", "gold-band"),
    ("accent", "paper"),
]


def luminance(colour: str) -> float:
    """WCAG's relative luminance of #rgb or #rrggbb."""
    digits = colour.lstrip("#")
    digits = "".join(d * 2 for d in digits) if len(digits) == 3 else digits
    channels = (int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(front: str, back: str, theme: str) -> float:
    colours = (TOKENS[name].split(", ")[THEMES[theme]] for name in (front, back))
    darker, lighter = sorted(luminance(colour) for colour in colours)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("front", "back"), TEXT)
def test_text_is_readable(front: str, back: str, theme: str) -> None:
    assert contrast(front, back, theme) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("front", "back"), SHAPES)
def test_controls_and_marks_are_visible(front: str, back: str, theme: str) -> None:
    assert contrast(front, back, theme) >= 3
