"""What people of the demo say: phrases of each language, picked by chance, filled with a case's facts."""

from __future__ import annotations

import random
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("phrases")
FILES = {"en": "en.toml", "zh-hans": "zh.toml"}
# How often a failure that is told in the words of the trade is preferred to one that could happen anywhere.
OWN_WORDS = 0.85


@dataclass(frozen=True, slots=True)
class Told:
    """A complaint in the customer's words, and in a line for lists."""

    summary: str
    text: str


@cache
def phrases(language: str) -> dict[str, Any]:
    """Everything that can be said in a language."""
    return tomllib.loads((FOLDER / FILES[language]).read_text(encoding="utf-8"))


class Wording:
    """Picks phrases of one language with a given source of chance, and fills them with a case's facts."""

    def __init__(self, language: str, chance: random.Random) -> None:
        self.language = language
        self._phrases = phrases(language)
        self._chance = chance
        self._joint = " " if language == "en" else ""

    def say(self, *path: str, facts: Mapping[str, str]) -> str:
        """One of the phrases found at that path, filled in."""
        found: Any = self._phrases
        for name in path:
            found = found[name]
        text: str = found if isinstance(found, str) else self._chance.choice(found)
        return text.format_map(facts)

    def complaint(
        self, *, trade: str, defect: str, facts: Mapping[str, str], cue: str = "", remedy: str = ""
    ) -> Told:
        """A complaint about a defect; `cue` is what makes it grave, `remedy` what is asked for."""
        summary, failure = self._failure(trade, defect)
        parts = [self.say("openings", trade, facts=facts), failure.format_map(facts)]
        if self._chance.random() < 0.6:
            parts.append(self.say("consequences", trade, facts=facts))
        if cue:
            harm = (trade,) if cue == "safety" else ()
            parts.append(self.say("cues", cue, *harm, facts=facts))
        if remedy in self._phrases["asks"]:
            parts.append(self.say("asks", remedy, facts=facts))
        return Told(summary.format_map(facts), self._joint.join(parts))

    def _failure(self, trade: str, defect: str) -> tuple[str, str]:
        own = self._phrases["failures"][trade].get(defect)
        anywhere = self._phrases["failures"]["any"][defect]
        chosen = own if own and self._chance.random() < OWN_WORDS else anywhere
        summary, _, failure = self._chance.choice(chosen).partition(" | ")
        return summary, failure
