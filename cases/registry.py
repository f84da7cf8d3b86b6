"""What upper apps may say against closing a case: filled in their `AppConfig.ready()`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from cases.models import Case


@dataclass(frozen=True)
class Blocker:
    """One thing that stands against resolving; an overridable one gives way to a recorded reason."""

    code: str
    message: str | _StrPromise
    params: Mapping[str, object] = field(default_factory=dict)
    overridable: bool = True

    def __str__(self) -> str:
        return str(self.message) % self.params


_found_by: list[Callable[[Case], Iterable[Blocker]]] = []


def register_closing_blocker(function: Callable[[Case], Iterable[Blocker]]) -> None:
    """Ask this function, too, what stands against resolving a case."""
    if function not in _found_by:
        _found_by.append(function)


def registered_blockers(case: Case) -> list[Blocker]:
    """What the upper apps say against resolving this case."""
    return [blocker for function in _found_by for blocker in function(case)]
