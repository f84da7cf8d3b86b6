"""The small language lexicon phrases are written in, and what a phrase comes down to.

A phrase is a row of slots separated by spaces:

    word        that word
    a|b|c       any one of these words
    slot?       the slot may be missing ("my|our? bag")
    word~       the word and its simple inflections (delay~: delays, delayed, delaying)
    word*       the word and any letters after it (fraud*: fraudulent)
    #           a number in digits or words
    ...         a gap: up to three English words or six Chinese characters, within one clause and without a
                negation
    n't         the end of the slot before it, also "nt" and the detached " n't" of tokenised text; at the
                start of a phrase it stands for any auxiliary with it ("isn't", "didn't", "won't")

English words are set apart by one space and have boundaries; in Chinese nothing stands between slots, and
only Latin words and numbers among its phrases have boundaries: "app" is in "12306app", not in "happened".

Every match of a phrase starts with one of its anchors, plain strings found by one search for all phrases
together. Only behind an anchor that was found is the rest of its phrase, if it has one, tried.
"""

import itertools
import re
import string
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

_VOWELS = "aeiou"
_AUXILIARIES = (
    "is", "are", "was", "were", "do", "does", "did", "has", "have", "had", "ca", "could", "wo", "would",
    "should",
)  # fmt: skip
_NOT_FORMS = ("n't", "nt", " n't")
_LETTERS = "[a-z]*+"
_NOTHING: frozenset[str] = frozenset()
_LOWERCASE, _DIGITS = frozenset(string.ascii_lowercase), frozenset(string.digits)


@dataclass(frozen=True)
class Script:
    """What differs between writing systems when phrases become expressions."""

    joiner: str
    gap: str
    number: str
    edge: str
    runs: tuple[frozenset[str], ...]

    def barred(self, character: str) -> frozenset[str]:
        """What may not stand beside `character` at the edge of a phrase, as the word would go on there."""
        return self._barred.get(character, _NOTHING)

    @cached_property
    def _barred(self) -> dict[str, frozenset[str]]:
        return {character: run for run in self.runs for character in run}

    def edge_at(self, words: Iterable[str]) -> str:
        """The expression for where a word begins or ends; "" where none of `words` begins like one."""
        return self.edge if any(self.barred(word[0]) for word in words if word) else ""


LATIN = Script(
    joiner=" ",
    gap=r" (?:(?!no |not |never )[\w'$&/%]++ ){0,3}?",
    number=(
        r"(?:\d[\d.,:+]*+|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|several|many"
        r"|(?:a )?few|(?:a )?couple(?: of)?|half an)"
    ),
    edge=r"(?!(?<=[a-z0-9])[a-z0-9])",
    runs=(_LOWERCASE | _DIGITS,),
)
HAN = Script(
    joiner="",
    gap=r"[^不没未无非，。！？；：、,.!?;:~～…\s]{0,6}?",
    number=r"[\d一二两三四五六七八九十百几半多数好][\d.一二两三四五六七八九十百几半多来]*+",
    edge=r"(?!(?<=[a-z])[a-z]|(?<=[0-9])[0-9])",
    runs=(_LOWERCASE, _DIGITS),
)


def inflections(word: str) -> set[str]:
    """The simple English forms of `word`; forms that do not exist are harmless, as no text holds them."""
    forms = {word, word + "s", word + "ed", word + "ing"}
    if word.endswith("e"):
        forms |= {word + "d", word[:-1] + "ing"}
    if word.endswith("y") and len(word) > 2 and word[-2] not in _VOWELS:
        forms |= {word[:-1] + "ies", word[:-1] + "ied"}
    if word.endswith(("s", "x", "z", "ch", "sh")):
        forms.add(word + "es")
    if len(word) > 2 and word[-1] not in _VOWELS + "wxy" and word[-2] in _VOWELS:
        forms |= {word + word[-1] + "ed", word + word[-1] + "ing"}
    return forms


def patterns(phrase: str, script: Script) -> Iterator[tuple[str, str]]:
    """The anchors of `phrase`, each with the expression for what must follow it ("" for nothing).

    Raises ValueError for a phrase that is empty, does not start with a word, ends with a gap, or has a
    gap before a slot that may be missing.
    """
    slots = phrase.lower().split()
    _check(phrase, slots)
    head_length = next((place for place, slot in enumerate(slots) if slot in ("...", "#")), len(slots))
    head = [_forms(slot, first=place == 0) for place, slot in enumerate(slots[:head_length])]
    tail = _expression(slots[head_length:], script)
    for parts in itertools.product(*head):
        anchor, star, after = _join(parts, script).partition("*")
        if not star and not tail:
            yield anchor, ""
            continue
        start = _LETTERS if star else script.edge_at(anchor[-1])
        yield anchor, start + re.escape(after).replace(r"\*", _LETTERS) + tail + script.edge


def _check(phrase: str, slots: list[str]) -> None:
    if not slots or slots[0] in ("...", "#") or slots[0].endswith("?") or slots[-1] == "...":
        raise ValueError(f"a phrase starts and ends with a word: {phrase!r}")
    if any("?" in slot[:-1] for slot in slots):
        raise ValueError(f"only a whole slot may be missing: {phrase!r}")
    if any(slot == "..." and after.endswith("?") for slot, after in itertools.pairwise(slots)):
        raise ValueError(f"a gap must lead to a word: {phrase!r}")


def _forms(slot: str, *, first: bool) -> list[str]:
    """All strings a slot of words can be; "*" is kept as the sign for any letters, "" for a missing slot."""
    forms: list[str] = []
    for word in slot.removesuffix("?").split("|"):
        if word == "n't" and first:
            forms += [auxiliary + ending for auxiliary in _AUXILIARIES for ending in _NOT_FORMS]
        elif word.endswith("n't"):
            forms += [word.removesuffix("n't") + ending for ending in _NOT_FORMS]
        elif word.endswith("~"):
            forms += sorted(inflections(word[:-1]))
        else:
            forms.append(word)
    return [*forms, ""] if slot.endswith("?") else forms


def _join(parts: Iterable[str], script: Script) -> str:
    text = ""
    for part in filter(None, parts):
        text += part if not text or part in _NOT_FORMS else script.joiner + part
    return text


def _expression(slots: list[str], script: Script) -> str:
    """The expression for the slots behind the anchor, with what sets them apart before each."""
    text, between = "", re.escape(script.joiner)
    for slot in slots:
        if slot == "...":
            between = script.gap
            continue
        if slot == "#":
            piece = between + script.number
        else:
            forms = sorted(filter(None, _forms(slot, first=False)), key=len, reverse=True)
            detached = [re.escape(form) for form in forms if form in _NOT_FORMS]
            words = [re.escape(form).replace(r"\*", _LETTERS) for form in forms if form not in _NOT_FORMS]
            spaced = [between + script.edge_at(forms) + "(?:" + "|".join(words) + ")"] if words else []
            piece = "(?:" + "|".join(detached + spaced) + ")"
        text += f"(?:{piece})?" if slot.endswith("?") else piece
        between = re.escape(script.joiner)
    return text
