"""Writing the scripts that staff insert into replies, in every language of the product."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.models import User
from accounts.states import Capability
from audit.actions import record
from common.errors import Invalid, Values, refuse_overtaken
from messaging.models import Script

# What the case fills in.
PLACEHOLDERS = ("customer", "number", "agent")
LONGEST_TITLE, LONGEST_BODY = 120, 4000
_BRACES = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, kw_only=True)
class ScriptRecord:
    """What an administrator says of a script; `texts` maps a language to its title and text, "" for none."""

    texts: Mapping[str, tuple[str, str]]
    step: str = ""
    is_active: bool = True


def field_of(part: str, language: str) -> str:
    """The name under which an error tells which part ("title", "body") of which language it is about."""
    return f"{part}_{language}"


def script_values(rows: Iterable[Script]) -> Values:
    """How a script is in all its languages, as a form shows it."""
    values: dict[str, object] = {}
    for row in rows:
        values |= {"step": row.step, "is_active": row.is_active}
        values |= {field_of("title", row.language): row.title, field_of("body", row.language): row.body}
    return values


def save_script(*, actor: User, code: str | None, new: ScriptRecord, seen: Values | None = None) -> str:
    """Make a script (`code` None) or change one in all its languages; returns its code.

    A language may be left out until it has been written; then the whole script is taken out of use rather
    than emptied. `seen` are the `script_values` that the actor was looking at: raises `Overtaken` when
    somebody else has changed them since; `Invalid` at the field that is wrong (that of `field_of`),
    `Script.DoesNotExist`, `NotAllowed`.
    """
    require(actor, Capability.CHANGE_SETTINGS)
    texts = {
        language: pair for language, _name in settings.LANGUAGES if (pair := _read(language, new)) is not None
    }
    if not texts:
        raise Invalid(_("Write the script in one language at least."), field=_first("title"))
    with transaction.atomic():
        begins = code is None
        if code is None:
            code = _free_code(next(iter(texts.values()))[0])
        rows = {row.language: row for row in Script.objects.select_for_update().filter(code=code)}
        if not begins and not rows:
            raise Script.DoesNotExist
        before = script_values(rows.values())
        if not begins:
            refuse_overtaken(seen, before)
        for language in rows.keys() - texts.keys():
            raise Invalid(
                _("This is in use. Take the script out of use rather than emptying it."),
                field=field_of("title", language),
            )
        for language, (title, body) in texts.items():
            row = rows.setdefault(language, Script(code=code, language=language))
            row.title, row.body, row.step, row.is_active = title, body, new.step, new.is_active
            row.save()
        after = script_values(rows.values())
        changed = {
            name: [before.get(name), after.get(name)]
            for name in sorted({*before, *after})
            if before.get(name) != after.get(name)
        }
        if changed:
            record(
                stream=f"script:{code}",
                verb="script.created" if begins else "script.changed",
                actor=actor,
                data=after if begins else changed,
            )
    return code


def _read(language: str, new: ScriptRecord) -> tuple[str, str] | None:
    """The title and text in a language, None where both are empty."""
    title, body = (text.strip() for text in new.texts.get(language, ("", "")))
    body = body.replace("\r\n", "\n")
    if not title and not body:
        return None
    for part, text, most in (("title", title, LONGEST_TITLE), ("body", body, LONGEST_BODY)):
        field = field_of(part, language)
        if not text:
            raise Invalid(_("Write this too, or empty the other one."), field=field)
        if len(text) > most:
            raise Invalid(_("This is longer than %(most)s characters."), field=field, params={"most": most})
    unknown = [word for word in _BRACES.findall(body) if word not in PLACEHOLDERS]
    if unknown:
        raise Invalid(
            _("Nothing is filled in for %(word)s. There are %(known)s."),
            field=field_of("body", language),
            params={
                "word": f"{{{unknown[0]}}}",
                "known": " ".join(f"{{{word}}}" for word in PLACEHOLDERS),
            },
        )
    return title, body


def _first(part: str) -> str:
    return field_of(part, settings.LANGUAGES[0][0])


def _free_code(title: str) -> str:
    start = slugify(title)[:54] or "script"
    taken = set(Script.objects.filter(code__startswith=start).values_list("code", flat=True))
    numbered = (f"{start}-{number}" for number in range(2, len(taken) + 3))
    return next(code for code in (start, *numbered) if code not in taken)
