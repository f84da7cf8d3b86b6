"""The errors that actions raise and faces turn into a sentence beside a field or a problem document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Text: TypeAlias = str | _StrPromise


class DomainError(Exception):
    """Something a person asked for that can't be done; nothing has been written.

    `message` is a translatable sentence for that person, `field` the input it is about ("" for the whole).
    """

    code = "invalid"

    def __init__(self, message: Text, *, field: str = "", params: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.params = dict(params or {})

    def __str__(self) -> str:
        text = str(self.message)
        return text % self.params if self.params else text


class Invalid(DomainError):
    """The input itself is wrong."""


class NotAllowed(DomainError):
    """This person may not do this."""

    code = "not_allowed"


class Conflict(DomainError):
    """The input was right once, but the state of things has moved on or does not permit it."""

    code = "conflict"


# Values by name as a form sends them: texts, numbers, booleans, keys, lists of keys, or None.
Values: TypeAlias = Mapping[str, object]


class Overtaken(Conflict):
    """Somebody else changed what this person was looking at; `now` holds what is different, as it is now."""

    code = "overtaken"

    def __init__(
        self, now: Values, message: Text | None = None, *, params: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(message or _("Somebody else has changed this in the meantime."), params=params)
        self.now = now


def refuse_overtaken(seen: Values | None, now: Values) -> None:
    """Raise `Overtaken` unless all is as it was seen; None says that nobody looked.

    Call it with the row locked, or two people may still pass each other.
    """
    known = seen or {}
    changed = {name: value for name, value in now.items() if known.get(name, value) != value}
    if changed:
        raise Overtaken(changed)
