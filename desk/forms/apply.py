"""Running an action with what a form holds, and putting what it refuses beside the right field."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from django import forms

from common.errors import DomainError, Overtaken
from desk.forms.changing import ChangeForm

Result = TypeVar("Result")


def run(
    form: forms.BaseForm, action: Callable[[], Result], *, names: Mapping[str, str] | None = None
) -> Result | None:
    """Run the action if the form is valid; None when either refuses, with the errors on the form.

    `names` says which field of the form stands for which field of the action, where they differ.
    """
    if not form.is_valid():
        return None
    try:
        return action()
    except DomainError as error:
        if isinstance(error, Overtaken) and isinstance(form, ChangeForm):
            form.overtaken(error)
            return None
        field = (names or {}).get(error.field, error.field)
        form.add_error(field if field in form.fields else None, forms.ValidationError(str(error), error.code))
        return None
