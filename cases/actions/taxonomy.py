"""Keeping the kinds of failure and the causes: adding, renaming, ordering, and retiring, never deleting."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.db import transaction
from django.db.models import QuerySet
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.models import User
from accounts.states import Capability
from audit.actions import record
from cases.models import Cause, Defect
from common.errors import Invalid, Values, refuse_overtaken

LONGEST_NAME = 120
_FACTS = ("name_en", "name_zh", "is_active", "position")

Term = TypeVar("Term", Defect, Cause)


@dataclass(frozen=True, kw_only=True)
class TermRecord:
    """What an administrator says of a kind of failure, a family of them, or a cause.

    Without a Chinese name the English one serves both readers. A retired one (`is_active` False) stays on the
    cases that have it and is offered no more. `after` is the neighbour that it comes after, None to be first.
    """

    name_en: str
    name_zh: str = ""
    is_active: bool = True
    after: int | None = None


def term_values(term: Defect | Cause, siblings: Iterable[Defect | Cause]) -> Values:
    """How a term is among its siblings, as a form shows it."""
    before = [each for each in siblings if (each.position, each.pk) < (term.position, term.pk)]
    last = max(before, key=lambda each: (each.position, each.pk), default=None)
    values: dict[str, object] = {name: getattr(term, name) for name in ("name_en", "name_zh", "is_active")}
    return values | {"after": last.pk if last else None}


def save_defect(
    *,
    actor: User,
    defect_id: int | None,
    family_id: int | None,
    new: TermRecord,
    seen: Values | None = None,
) -> Defect:
    """Add a kind of failure to a family (a family where `family_id` is None), or change one in its place.

    `seen` are the `term_values` that the actor was looking at: raises `Overtaken` when somebody else has
    changed them since; `Invalid` at the field that is wrong, `NotAllowed`.
    """
    require(actor, Capability.CHANGE_SETTINGS)
    with transaction.atomic():
        # All of them, as a neighbour's place changes too: changes of the taxonomy follow one another.
        every = list(Defect.objects.select_for_update().order_by("pk"))
        if defect_id is None:
            defect = Defect(code=_free_code(Defect.objects.all(), new.name_en), family_id=family_id)
        else:
            defect = next(each for each in every if each.pk == defect_id)
        _check_family(defect, every, new)
        siblings = [each for each in every if each.family_id == defect.family_id and each.pk != defect.pk]
        return _save(actor, defect, siblings, new, seen)


def save_cause(*, actor: User, cause_id: int | None, new: TermRecord, seen: Values | None = None) -> Cause:
    """Add a cause, or change one. `seen` and what it raises are as for `save_defect`."""
    require(actor, Capability.CHANGE_SETTINGS)
    with transaction.atomic():
        every = list(Cause.objects.select_for_update().order_by("pk"))
        if cause_id is None:
            cause = Cause(code=_free_code(Cause.objects.all(), new.name_en))
        else:
            cause = next(each for each in every if each.pk == cause_id)
        others = [each for each in every if each.pk != cause.pk]
        if not new.is_active and not any(each.is_active for each in others):
            raise Invalid(
                _("This is the last cause in use, and no case can be resolved without one."),
                field="is_active",
            )
        return _save(actor, cause, others, new, seen)


def _check_family(defect: Defect, every: list[Defect], new: TermRecord) -> None:
    """A family in use is where its kinds are."""
    if defect.family_id is None:
        kinds = [each for each in every if each.family_id == defect.pk and each.is_active]
        if kinds and not new.is_active:
            raise Invalid(_("Some of its kinds are in use: retire those first."), field="is_active")
    elif new.is_active and not next(each for each in every if each.pk == defect.family_id).is_active:
        raise Invalid(_("Its family is retired: take that into use first."), field="is_active")


def _save(actor: User, term: Term, siblings: list[Term], new: TermRecord, seen: Values | None) -> Term:
    """Write a term and its place; its siblings are locked."""
    if term.pk is not None:
        refuse_overtaken(seen, term_values(term, siblings))
    name_en = _name(new.name_en, "name_en")
    name_zh = _name(new.name_zh or new.name_en, "name_zh")
    for field, name in (("name_en", name_en), ("name_zh", name_zh)):
        if any(getattr(each, field).casefold() == name.casefold() for each in siblings):
            raise Invalid(_("Another one has this name already."), field=field)
    begins = term.pk is None
    before = {name: getattr(term, name) for name in _FACTS}
    term.name_en, term.name_zh, term.is_active = name_en, name_zh, new.is_active
    _place(term, siblings, new.after)
    after = {name: getattr(term, name) for name in _FACTS}
    changed = {name: [before[name], value] for name, value in after.items() if before[name] != value}
    if begins or changed:
        term.save()
        kind = type(term)._meta.model_name
        record(
            stream=f"{kind}:{term.pk}",
            verb=f"{kind}.created" if begins else f"{kind}.changed",
            actor=actor,
            data={"code": term.code, **after} if begins else changed,
            begins=begins,
        )
    return term


def _place(term: Term, siblings: list[Term], after: int | None) -> None:
    """Number a term and its siblings so that it comes after one of them, or first."""
    ordered = sorted(siblings, key=lambda each: (each.position, each.pk))
    keys = [each.pk for each in ordered]
    if after is not None and after not in keys:
        raise Invalid(_("Choose its place from the list."), field="after")
    ordered.insert(0 if after is None else keys.index(after) + 1, term)
    for position, each in enumerate(ordered):
        if each.position != position:
            each.position = position
            if each is not term:
                each.save(update_fields=("position",))


def _name(text: str, field: str) -> str:
    name = text.strip()
    if not name:
        raise Invalid(_("Enter a name."), field=field)
    if len(name) > LONGEST_NAME:
        raise Invalid(
            _("This is longer than %(most)s characters."), field=field, params={"most": LONGEST_NAME}
        )
    return name


def _free_code(rows: QuerySet[Term], name: str) -> str:
    """A code from a name, by which imports and programs know the term for ever."""
    start: str = slugify(name).replace("-", "_")[:34] or "other"
    taken: set[str] = set(rows.filter(code__startswith=start).values_list("code", flat=True))
    codes = (start, *(f"{start}_{number}" for number in range(2, len(taken) + 3)))
    return next(code for code in codes if code not in taken)
