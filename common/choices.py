"""Words for coded values, looked up as quickly as pages full of them need."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.db import models
from django.utils.encoding import force_str


@cache
def _labels(field: models.Field[Any, Any]) -> dict[Any, Any]:
    """A field's labels by value, still to be translated."""
    return dict(field.flatchoices)


class QuickLabels:
    """Gives a model a faster `get_…_display`, to be named before `models.Model` among its bases.

    Django's own hashes all labels of the field each time, and hashing a lazy label translates it: on a list
    of 25 cases that is a thousand translations, which take longer than the list's queries.
    """

    def _get_FIELD_display(self, field: models.Field[Any, Any]) -> str:  # noqa: N802  # Django's name
        value = getattr(self, field.attname)
        return force_str(_labels(field).get(value, value), strings_only=True)
