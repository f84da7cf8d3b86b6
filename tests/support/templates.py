"""Makes a template of ours that shows a variable nobody gave it fail, instead of showing nothing."""

from __future__ import annotations

import sys
from types import FrameType
from typing import Any

from django.template.base import Node

from recovery.environment import BASE_DIR


class UndefinedInTemplate(AssertionError):
    """A template shows a variable that its view doesn't give."""


class StrictUndefined(str):
    """Django shows `string_if_invalid % variable` for an undefined variable; this refuses.

    Templates of other packages may rely on Django's leniency, and keep it.
    """

    __slots__ = ()

    def __mod__(self, variable: Any) -> str:
        origin = _template_being_rendered()
        if origin is None or not origin.startswith(str(BASE_DIR)) or "site-packages" in origin:
            return ""
        raise UndefinedInTemplate(f"{origin} shows {variable}, which is not in its context")


def _template_being_rendered() -> str | None:
    # The resolver is not told which template asks, so the calls that led here are searched.
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        node = frame.f_locals.get("self")
        if isinstance(node, Node) and getattr(node, "origin", None) is not None:
            return str(node.origin.name)
        frame = frame.f_back
    return None
