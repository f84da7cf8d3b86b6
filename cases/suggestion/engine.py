"""Reads a complaint and suggests its failure type, defect, severity and cues, with the words that say so."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from cases.suggestion.codes import CUES, FAILURE_OF_DEFECT, OUTCOME, PROCESS
from cases.suggestion.lexicon import MILD, Group, lexicon
from cases.suggestion.severity import suggest_severity

# Words that only tell what a complaint is about ("the agent", "my flight") add up to a failure from here.
_FOUND = 2.0

# Harm to people is an outcome, however the service was delivered: from here on, in lexicon weight.
_HARM = 3.0

# Of defects that weigh the same the one named first in the taxonomy is suggested.
_PLACES = {code: place for place, code in enumerate(FAILURE_OF_DEFECT)}

# The lead one failure type needs over the other, in lexicon weight, before the text is said to tell.
_LEAD = 0.25


class Evidence(NamedTuple):
    """Words of the text, by offset, and what they point to: "defect:slow", "cue:safety", …"""

    start: int
    end: int
    words: str
    points_to: str


@dataclass(frozen=True)
class Suggestion:
    """What a text suggests; staff confirm or change it."""

    failure_type: str | None
    defect: str | None
    severity: int
    cues: tuple[str, ...]
    evidence: tuple[Evidence, ...]
    severity_reasons: tuple[str, ...]

    @property
    def kept(self) -> dict[str, object]:
        """What a case keeps of it: enough to say later what was suggested and why."""
        return {
            "failure_type": self.failure_type,
            "defect": self.defect,
            "severity": self.severity,
            "evidence": [{"start": e.start, "end": e.end, "points_to": e.points_to} for e in self.evidence],
        }


def suggest(
    text: str,
    *,
    loss: Decimal | None = None,
    currency: str = "",
    repeat_count: int = 0,
    tier: str = "standard",
) -> Suggestion:
    """Suggest how to classify the complaint `text`, in English, Chinese or both; never raises on text.

    `loss` is the customer's loss in `currency` (ISO 4217), `repeat_count` the number of earlier
    complaints by the same customer, `tier` one of `codes.TIERS`. Each wording counts once, however often
    it is repeated, so that long letters are judged like short ones.
    """
    evidence, wordings = [], {}
    for start, end, group in lexicon().find(text):
        words = text[start:end]
        evidence.append(Evidence(start, end, words, group.points_to))
        wordings[group, words.lower()] = group
    groups = wordings.values()
    weights = _failure_weights(groups)
    failure_type = OUTCOME if _harm(groups) >= _HARM else _failure_type(weights)
    defect = _defect(groups, failure_type)
    cues = {group.cue for group in groups if group.cue}
    severity, reasons = suggest_severity(
        cues=cues,
        failure_found=defect is not None or max(weights.values()) >= _FOUND,
        mild=any(group.points_to == MILD for group in groups),
        loss=loss,
        currency=currency,
        repeat_count=repeat_count,
        tier=tier,
    )
    return Suggestion(
        failure_type=failure_type,
        defect=defect,
        severity=severity,
        cues=tuple(cue for cue in CUES if cue in cues),
        evidence=tuple(evidence),
        severity_reasons=reasons,
    )


def warm_up() -> None:
    """Read and compile the lexicon now, so that the first complaint does not wait for it."""
    lexicon()


def _failure_weights(groups: Iterable[Group]) -> dict[str, float]:
    weights = {PROCESS: 0.0, OUTCOME: 0.0}
    for group in groups:
        if group.failure_type and not group.cue:
            weights[group.failure_type] += group.weight
    return weights


def _harm(groups: Iterable[Group]) -> float:
    """How clearly the text tells of harm; words of one group say the same, however many there are."""
    return sum({group: group.weight for group in groups if group.cue and group.failure_type}.values())


def _failure_type(weights: dict[str, float]) -> str | None:
    lead = weights[PROCESS] - weights[OUTCOME]
    if abs(lead) < _LEAD:
        return None
    return PROCESS if lead > 0 else OUTCOME


def _defect(groups: Iterable[Group], failure_type: str | None) -> str | None:
    """The defect with most weight among those of the failure type; of all, where the type is open."""
    weights: defaultdict[str, float] = defaultdict(float)
    for group in groups:
        if group.defect and failure_type in (None, group.failure_type):
            weights[group.defect] += group.weight
    if not weights:
        return None
    return max(weights, key=lambda code: (weights[code], -_PLACES[code]))
