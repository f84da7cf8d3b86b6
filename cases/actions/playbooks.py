"""Changing the names of playbooks and the guidance for their steps, in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.models import User
from accounts.states import Capability
from audit.actions import record
from cases.models import Playbook, PlaybookStep
from common.errors import Invalid, Values, refuse_overtaken

LONGEST = {"name_en": 120, "name_zh": 120, "hint_en": 250, "hint_zh": 250}
Texts = tuple[str, str]


def field_of(kind: str, language: str) -> str:
    """The name under which an error tells which guidance ("en", "zh") it is about."""
    return f"{kind}_{language}"


def playbook_values(playbook: Playbook) -> Values:
    """How a playbook is, as a form shows it."""
    values: dict[str, object] = {"name_en": playbook.name_en, "name_zh": playbook.name_zh}
    for step in PlaybookStep.objects.filter(playbook=playbook):
        values[field_of(step.kind, "en")] = step.hint_en
        values[field_of(step.kind, "zh")] = step.hint_zh
    return values


def save_playbook(
    *,
    actor: User,
    playbook_id: int,
    names: Texts,
    hints: Mapping[str, Texts],
    seen: Values | None = None,
) -> Playbook:
    """Set the names (English, Chinese) and the guidance of each step, by its kind; a kind left out stays.

    Cases show the new guidance at once. `seen` are the `playbook_values` that the actor was looking at:
    raises `Overtaken` when somebody else has changed them since; `Invalid` at the field that is wrong
    ("name_en", "name_zh" or that of `field_of`), `NotAllowed`.
    """
    require(actor, Capability.CHANGE_SETTINGS)
    with transaction.atomic():
        playbook = Playbook.objects.select_for_update().get(pk=playbook_id)
        refuse_overtaken(seen, playbook_values(playbook))
        changed: dict[str, list[str]] = {}
        for field, text in zip(("name_en", "name_zh"), names, strict=True):
            value = _text(text or (names[0] if field == "name_zh" else ""), field, field)
            if not value:
                raise Invalid(_("Enter a name."), field=field)
            _set(playbook, field, value, field, changed)
        if changed:
            playbook.save(update_fields=("name_en", "name_zh"))
        for step in PlaybookStep.objects.filter(playbook=playbook, kind__in=list(hints)).order_by("position"):
            _set_hints(step, hints[step.kind], changed)
        if changed:
            record(
                stream=f"playbook:{playbook.pk}",
                verb="playbook.changed",
                actor=actor,
                data={"code": playbook.code, **changed},
            )
    return playbook


def _set_hints(step: PlaybookStep, texts: Texts, changed: dict[str, list[str]]) -> None:
    count = len(changed)
    for language, text in zip(("en", "zh"), texts, strict=True):
        column, name = f"hint_{language}", field_of(step.kind, language)
        _set(step, column, _text(text, column, name), name, changed)
    if len(changed) > count:
        step.save(update_fields=("hint_en", "hint_zh"))


def _set(
    row: Playbook | PlaybookStep, column: str, value: str, name: str, changed: dict[str, list[str]]
) -> None:
    before: str = getattr(row, column)
    if before != value:
        changed[name] = [before, value]
        setattr(row, column, value)


def _text(text: str, column: str, field: str) -> str:
    value = " ".join(text.split())
    if len(value) > LONGEST[column]:
        raise Invalid(
            _("This is longer than %(most)s characters."), field=field, params={"most": LONGEST[column]}
        )
    return value
