"""Fields that name a row by its key, read by a prepared query."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Model

from desk.paging import id_in


class FoundChoice(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable at run time
    """A choice whose row `find` reads by its key; the queryset is only what is offered.

    Django's own field writes its statement anew for each form that is sent, which takes longer than reading.
    """

    find: Callable[[int], Model | None]

    def __init__(self, queryset: Any, *, find: Callable[[int], Model | None], **kwargs: Any) -> None:
        super().__init__(queryset, **kwargs)
        self.find = find

    def to_python(self, value: Any) -> Model | None:
        """The row; raises `ValidationError` when there is none."""
        if value in self.empty_values:
            return None
        key = id_in(str(value))
        found = None if key is None else self.find(key)
        if found is None:
            raise ValidationError(
                self.error_messages["invalid_choice"], code="invalid_choice", params={"value": value}
            )
        return found
