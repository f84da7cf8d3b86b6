"""Draws the recovery steps of a case: in Python, as the rows of lists, as there are eight with forms."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from html import escape

from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from cases.models import RecoveryStep
from cases.states import StepKind, StepState
from common.templatetags.ui import icon_svg, when
from desk.forms.cases import StepForm

_SIGNS = {"done": "check", "now": "arrow-right", "skipped": "minus"}


@dataclass(frozen=True, slots=True)
class StepView:
    """A recovery step as the rail shows it.

    `form` is one that was refused; `asks` says that it was for want of empathy, which may be confirmed.
    """

    step: RecoveryStep
    css: str
    hint: str = ""
    form: StepForm | None = None
    asks: bool = False

    @property
    def is_open(self) -> bool:
        return self.step.state == StepState.OPEN


def draw_step(view: StepView, *, number: str, token: str, may_work: bool) -> SafeString:
    """One step: what became of it, or what to do; `token` is the CSRF token of the page's forms."""
    step = view.step
    sign = icon_svg(_SIGNS[view.css]) if view.css in _SIGNS else ""
    about = _guidance(view) if view.is_open else _what_became(step)
    hidden = f'<input type="hidden" name="csrfmiddlewaretoken" value="{escape(token)}">'
    # A refused form is shown even where somebody else has finished the step meanwhile.
    work = _work(view, number, hidden) if may_work and (view.is_open or view.form) else ""
    back = _back(step, number, hidden) if may_work and not view.is_open and step.by_id else ""
    return SafeString(  # what comes from people is escaped
        f'<li class="{view.css}" id="step-{step.kind}"><span class="dot">{sign}</span>'
        f"<div><b>{_words(step.kind, get_language() or '').name}</b>{about}{work}</div>{back}</li>\n"
    )


def _guidance(view: StepView) -> str:
    said = f' <span class="visually-hidden">{escape(_("next step"))}</span>' if view.css == "now" else ""
    return said + (f"<small>{escape(view.hint)}</small>" if view.hint else "")


def _what_became(step: RecoveryStep) -> str:
    skipped = f"{escape(_('Skipped'))} · " if step.state == StepState.SKIPPED else ""
    note = f"{escape(step.note)} · " if step.note else ""
    by = escape(step.by.name if step.by else _("automatically"))
    return f"<small>{skipped}{note}{by} · {when(step.at)}</small>"


def _work(view: StepView, number: str, hidden: str) -> str:
    step, form = view.step, view.form
    words = _words(step.kind, get_language() or "")
    now = view.css == "now"
    refused = ""
    if form is not None and form.errors:
        refused = f'<div role="alert" tabindex="-1" data-focus>{form.non_field_errors()}</div>'
    if view.asks:
        refused += f'<input type="hidden" name="{step.kind}-confirmed" value="1">'
    field = words.field if form is None else form["note"].as_field_group()
    done = _("Done all the same") if view.asks else words.done
    return (
        f'<details class="step-work"{" open" if now or form is not None else ""}>'
        f'<summary title="{words.finish}">{icon_svg("chevron-down")}'
        f'<span class="visually-hidden">{words.finish}</span></summary>'
        f'<form method="post" action="{_path(number, step.kind, "complete")}">{hidden}{refused}{field}'
        f'<div class="actions"><button type="submit" class="b small{" main" if now else ""}">'
        f"{escape(done)}</button>"
        f'<button type="submit" class="b small quietly" formaction="{_path(number, step.kind, "skip")}"'
        f' title="{words.reason}">{words.skip}</button></div></form></details>'
    )


def _back(step: RecoveryStep, number: str, hidden: str) -> str:
    words = _words(step.kind, get_language() or "")
    return (
        f'<form method="post" action="{_path(number, step.kind, "reopen")}">{hidden}'
        f'<button type="submit" class="icon-link" title="{words.back}">{icon_svg("arrow-back-up")}'
        f'<span class="visually-hidden">{words.take_back}</span></button></form>'
    )


def _path(number: str, kind: str, verb: str) -> str:
    # Turning an address round costs as much as drawing a step: one of each serves as the pattern.
    return _pattern(kind, verb).replace("NUMBER", number)


@lru_cache(maxsize=64)
def _pattern(kind: str, verb: str) -> str:
    return reverse("desk:case_step", args=["C-00-00000", kind, verb]).replace("C-00-00000", "NUMBER")


@dataclass(frozen=True, slots=True)
class _Words:
    """What stands on every step of a kind, in one language, escaped."""

    name: str
    finish: str
    done: str
    skip: str
    reason: str
    back: str
    take_back: str
    field: SafeString


@lru_cache(maxsize=64)
def _words(kind: str, _language: str) -> _Words:
    name = {"step": StepKind(kind).label}
    return _Words(
        name=escape(str(StepKind(kind).label)),
        finish=escape(_("Finish “%(step)s”") % name),
        done=_("Mark as done"),
        skip=escape(_("Skip")),
        reason=escape(_("Needs a reason")),
        back=escape(_("Take back")),
        take_back=escape(_("Take back “%(step)s”") % name),
        field=StepForm(prefix=kind)["note"].as_field_group(),
    )
