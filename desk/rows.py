"""Draws the rows of lists of cases: in Python, for a template takes five times as long for each of them.

Words that many rows share are looked up once per language.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from html import escape

from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cases.paths import case_path
from cases.rows import CaseRow
from cases.states import CaseState, FailureType, StepKind
from common.display import ClockView
from common.templatetags.ui import clock as draw_clock
from common.templatetags.ui import when
from customers.states import Tier
from desk.highlight import highlight
from sla.states import Severity

HONOURED = (Tier.GOLD, Tier.PLATINUM)


@dataclass(frozen=True, slots=True)
class Hit:
    """A case that was found; `words` is where in the complaint, unless the row shows the words anyway."""

    case: CaseRow
    clock: ClockView | None
    words: SafeString


def draw_row(case: CaseRow, clock: ClockView | None) -> SafeString:
    """A row of a table of cases: what decides is on it."""
    language = get_language() or "en"
    summary, path = escape(case.summary), escape(case_path(case.number))
    named = case.defect_in(language)
    defect = f'<span class="quiet defect">{escape(named)}</span>' if named else ""
    owned = (
        escape(case.owner_name) if case.owner_name else f'<span class="risk">{escape(_("nobody yet"))}</span>'
    )
    return SafeString(  # what comes from people is escaped
        f"<tr><td>{severity_mark(case.severity, language)}</td>"
        f'<td class="hide-s"><a class="nowrap" href="{path}">{escape(case.number)}</a></td>'
        f'<td class="grow"><b>{escape(case.customer_name)}</b> '
        f"{_tier(case.customer_tier, language)}{_chips(case)}"
        f'<div class="line-clamp only-s"><a class="quiet" href="{path}">{summary}</a></div>'
        f'<div class="quiet line-clamp hide-s">{summary}</div></td>'
        f'<td class="hide-s">{_failure(case.failure_type, language)}{defect}</td>'
        f"<td>{_time_left(case, clock)}</td>"
        f'<td class="hide-m nowrap">{owned}</td>'
        f'<td class="hide-m nowrap">{_step(case.next_step, language)}</td></tr>\n'
    )


def draw_hit(case: CaseRow, clock: ClockView | None, words: SafeString, query: str) -> SafeString:
    """A case that a search has found, the words looked for in <mark>; `words` is where in the complaint."""
    language = get_language() or "en"
    lang = escape(case.language)
    place = escape(case.branch_in(language))
    owned = f" · {escape(case.owner_name)}" if case.owner_name else ""
    bought = " · ".join(highlight(each, query) for each in (case.product, case.order_reference) if each)
    said = f'<p class="quiet" lang="{lang}">{words}</p>' if words else ""
    about = f'<p class="quiet">{bought}</p>' if bought else ""
    return SafeString(  # what comes from people is escaped
        f'<article class="hit">{severity_mark(case.severity, language)}<div>'
        f'<a href="{escape(case_path(case.number))}">{highlight(case.number, query)}</a> '
        f"<b>{highlight(case.customer_name, query)}</b> "
        f'<span class="quiet">{place} · {when(case.received_at)}{owned}</span>'
        f'<p lang="{lang}">{highlight(case.summary, query)}</p>{said}{about}</div>'
        f"{draw_clock(clock) if clock else _state(case.state, language)}</article>\n"
    )


@lru_cache(maxsize=64)
def _state(state: str, _language: str) -> str:
    tone = "gold" if state == CaseState.RESOLVED else ""
    return f'<span class="chip {tone}">{escape(str(CaseState(state).label))}</span>'


def _chips(case: CaseRow) -> str:
    """What is out of the ordinary about a case."""
    words = [(cue, "late") for cue in case.cue_labels] if case.cues else []
    if case.low_score:
        words.append((_("low score"), "late"))
    if case.reopened_count:
        words.append((_("reopened"), ""))
    return "".join(f'<span class="chip {tone}">{escape(word)}</span> ' for word, tone in words)


def _time_left(case: CaseRow, clock: ClockView | None) -> str:
    if clock is not None:
        return draw_clock(clock)
    if case.state == CaseState.RESOLVED:
        return f'<span class="chip gold">{escape(_("Resolved"))}</span>'
    return ""


@lru_cache(maxsize=64)
def severity_mark(severity: int, _language: str) -> SafeString:
    """The severity as a number on its colour."""
    label = escape(str(Severity(severity).label))
    return SafeString(f'<span class="sev s{severity}" title="{label}">{severity}</span>')


@lru_cache(maxsize=64)
def _tier(tier: str, _language: str) -> str:
    return f'<span class="chip gold">{escape(str(Tier(tier).label))}</span> ' if tier in HONOURED else ""


@lru_cache(maxsize=64)
def _failure(failure_type: str, _language: str) -> str:
    if not failure_type:
        return ""
    return f'<span class="chip {failure_type}">{escape(str(FailureType(failure_type).label))}</span> '


@lru_cache(maxsize=64)
def _step(kind: str, _language: str) -> str:
    return escape(str(StepKind(kind).label)) if kind else ""
