"""Reads the phrase files of each language and finds all their phrases in a text, in one search."""

import functools
import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from ahocorasick_rs import AhoCorasick

from cases.suggestion.codes import CUES, FAILURE_OF_DEFECT, FAILURE_TYPES
from cases.suggestion.phrases import HAN, LATIN, Script, patterns

MILD = "mild"
IGNORE = "ignore"

_LANGUAGES = (("en.toml", LATIN), ("zh.toml", HAN))
_RUNS_OF_SPACES = re.compile("  +")  # found by its beginning: four times as quick as " {2,}"


@dataclass(frozen=True)
class Language:
    """How one language denies what it says, and which of its phrases are also people's names."""

    script: Script
    negation_signs: tuple[str, ...]
    negation_before: re.Pattern[str]
    negation_after: re.Pattern[str]
    negation_link: re.Pattern[str]
    negation_reach: int
    names: frozenset[str]

    def denies(self, folded: str, start: int, end: int) -> bool:
        """Whether the words from `start` to `end` are negated by what stands around them."""
        before = folded[max(0, start - self.negation_reach) : start]
        for sign in self.negation_signs:
            if sign in before:
                if self.negation_before.search(before):
                    return True
                break
        return self.negation_after.match(folded, end) is not None

    def links(self, folded: str, end: int, start: int) -> bool:
        """Whether a negation that covers the words up to `end` also covers those from `start` on."""
        return self.negation_link.fullmatch(folded, end, start) is not None


@dataclass(frozen=True, eq=False)
class Group:
    """Phrases that say the same: what they point to, for which failure type, and how strongly."""

    points_to: str
    failure_type: str | None
    weight: float
    phrases: tuple[str, ...]
    language: Language
    defect: str | None = None
    cue: str | None = None


class Match(NamedTuple):
    """A phrase found from `start` to `end` of the text."""

    start: int
    end: int
    group: Group


# Start, end and weight with a minus, and which it is: these sort by themselves, without a key for each, the
# earlier, longer and heavier first.
_Candidate: TypeAlias = tuple[int, int, float, int, Group]


@dataclass(eq=False)
class _Anchor:
    """A plain string that starts phrases: those it completes, and those that need more behind it.

    `not_before` and `not_behind` are the characters that would make its first or last word a longer one.
    """

    not_before: frozenset[str]
    not_behind: frozenset[str]
    complete: Group | None = None
    # Most have none, and so many empty ones would take a third of the time of building a lexicon.
    tails: dict[Group, list[str]] | None = None

    @functools.cached_property
    def expressions(self) -> list[tuple[Group, re.Pattern[str]]]:
        """Compiled on first use: most anchors with a tail are never met by a given process."""
        tails = self.tails or {}
        return [(group, re.compile("|".join(dict.fromkeys(each)))) for group, each in tails.items()]


class Lexicon:
    """The phrases of all languages, found in one pass over the text."""

    def __init__(self, groups: list[Group]) -> None:
        self.groups = tuple(groups)
        anchors: dict[tuple[str, str], _Anchor] = {}
        for group in sorted(groups, key=lambda group: -group.weight):
            script = group.language.script
            for text, tail in (pattern for phrase in group.phrases for pattern in patterns(phrase, script)):
                # "app" starts phrases of both scripts, with boundaries of their own.
                anchor = anchors.get((text, script.joiner))
                if anchor is None:
                    anchor = _Anchor(script.barred(text[0]), script.barred(text[-1]))
                    anchors[text, script.joiner] = anchor
                if tail:
                    if anchor.tails is None:
                        anchor.tails = {}
                    anchor.tails.setdefault(group, []).append(tail)
                elif anchor.complete is None:
                    anchor.complete = group
        self._anchors = list(anchors.values())
        self._automaton = AhoCorasick(text for text, _joiner in anchors)

    def find(self, text: str) -> list[Match]:
        """What `text` says, in text order without overlaps: of two matches the earlier, then the longer.

        What is negated, a person's name, or on the list of things to ignore is left out.
        """
        folded, shifts = _fold(text)
        matches: Iterable[Match] = self._asserted(folded)
        if shifts is not None:
            matches = [
                Match(shifts.undo(start), shifts.undo(end - 1) + 1, group) for start, end, group in matches
            ]
        return [match for match in matches if not _is_name(text, match)]

    def _asserted(self, folded: str) -> Iterator[Match]:
        """The matches that stand and are meant: not overlapped, not ignored, not negated."""
        reached, denied_up_to = 0, -1
        for start, minus_end, _weight, _nth, group in sorted(self._candidates(folded)):
            end = -minus_end
            if start < reached:
                continue
            reached = end
            if group.points_to == IGNORE:
                continue
            linked = denied_up_to >= 0 and group.language.links(folded, denied_up_to, start)
            if linked or group.language.denies(folded, start, end):
                # Only threats and the like share a negation: in "can't wait to sue" it ends at "wait".
                denied_up_to = end if linked or group.cue else -1
                continue
            yield Match(start, end, group)

    def _candidates(self, folded: str) -> list[_Candidate]:
        candidates: list[_Candidate] = []
        anchors = self._anchors
        for index, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            anchor = anchors[index]
            if start and folded[start - 1] in anchor.not_before:
                continue
            group = anchor.complete
            if group is not None and folded[end : end + 1] not in anchor.not_behind:
                candidates.append((start, -end, -group.weight, len(candidates), group))
            if anchor.tails:
                for group, expression in anchor.expressions:
                    if match := expression.match(folded, end):
                        candidates.append((start, -match.end(), -group.weight, len(candidates), group))
        return candidates


def _is_name(text: str, match: Match) -> bool:
    """Whether a word that is also a given name is written like one: "Sue", but not "sue" or "SUE"."""
    start, end, group = match
    words = text[start:end]
    return words.istitle() and words.lower() in group.language.names


@dataclass(slots=True)
class _Shifts:
    """The places of a folded text from which on its offsets lag behind those of the text, and by how much."""

    places: list[int] = field(default_factory=list)
    lags: list[int] = field(default_factory=list)

    def undo(self, offset: int) -> int:
        """The offset in the text as given of an offset in the folded text."""
        index = bisect_right(self.places, offset)
        return offset + self.lags[index - 1] if index else offset


def _fold(text: str) -> tuple[str, _Shifts | None]:
    """`text` as it is searched: lower case, plain apostrophes, one space where there is space or a hyphen.

    Also how offsets shift by that; None where they don't.
    """
    folded = text.lower()
    if len(folded) != len(text):
        folded = "".join(small if len(small := character.lower()) == 1 else character for character in text)
    for space in "\n\r\t-":
        folded = folded.replace(space, " ")
    if not folded.isascii():
        folded = folded.replace("’", "'").encode(errors="replace").decode()
    if "  " not in folded:
        return folded, None
    shifts, lag = _Shifts(), 0
    for run in _RUNS_OF_SPACES.finditer(folded):
        start, end = run.span()
        lag += end - start - 1
        shifts.places.append(end - lag)
        shifts.lags.append(lag)
    return _RUNS_OF_SPACES.sub(" ", folded), shifts


def _group(table: dict[str, Any], language: Language, where: str) -> Group:
    """One `[[group]]` table of a phrase file; raises ValueError naming the file."""
    phrases = tuple(table.get("phrases", ()))
    weight, failure = float(table.get("weight", 1)), table.get("failure")
    defect, cue, kind = table.get("defect"), table.get("cue"), table.get("kind")
    if not phrases or weight < 0:
        raise ValueError(f"{where}: a group needs phrases and a weight of at least 0: {table}")
    for value, known in (
        (failure, FAILURE_TYPES),
        (defect, FAILURE_OF_DEFECT),
        (cue, CUES),
        (kind, (MILD, IGNORE)),
    ):
        if value is not None and value not in known:
            raise ValueError(f"{where}: unknown value {value!r}")
    if defect:
        return Group(
            f"defect:{defect}", failure or FAILURE_OF_DEFECT[defect], weight, phrases, language, defect=defect
        )
    if cue:
        return Group(f"cue:{cue}", failure, weight, phrases, language, cue=cue)
    if not kind and not failure:
        raise ValueError(f"{where}: a group needs a defect, a cue, a failure or a kind: {table}")
    return Group(kind or f"failure:{failure}", failure, weight, phrases, language)


def _read(path: Path, script: Script) -> list[Group]:
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    negation = data["negation"]
    language = Language(
        script=script,
        negation_signs=tuple(negation["signs"]),
        negation_before=re.compile(negation["before"]),
        negation_after=re.compile(negation["after"]),
        negation_link=re.compile(negation["link"]),
        negation_reach=negation["reach"],
        names=frozenset(data.get("names", ())),
    )
    return [_group(table, language, path.name) for table in data["group"]]


@functools.cache
def lexicon() -> Lexicon:
    """The lexicon of all languages, read and compiled once per process."""
    here = Path(__file__).parent
    return Lexicon([group for name, script in _LANGUAGES for group in _read(here / name, script)])
