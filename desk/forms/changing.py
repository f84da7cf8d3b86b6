"""Forms of what is there already: they notice what somebody else changed while one was filling them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from common.errors import Overtaken, Values
from common.punctuation import labelled, listed


class ChangeForm(forms.Form):
    """A form filled with how things are, which it sends along, so that the action can tell what moved on.

    Pass `seen` to the action: its `Overtaken` then keeps what was typed, brings what was left alone up to
    date, and says what somebody else has set. Sent again, the form has its way.
    """

    # Whether the fields show how things are; else they are empty, and nothing in them is left alone.
    shows_values = True

    seen_values = forms.CharField(required=False, max_length=20_000, widget=forms.HiddenInput)

    def __init__(self, *args: Any, values: Values | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if values is not None:
            shown = values if self.shows_values else {}
            self.initial = {**shown, **self.initial, "seen_values": json.dumps(values)}

    @property
    def seen(self) -> Values | None:
        """How things were when the form was filled; None when it does not tell."""
        try:
            values = json.loads(self.cleaned_data.get("seen_values") or "null")
        except ValueError:
            return None
        return values if isinstance(values, dict) else None

    def overtaken(self, error: Overtaken) -> None:
        """Take in what somebody else has set, and say so."""
        seen = self.seen or {}
        words = [labelled(self.fields[name].label, self._words(name, now)) for name, now in error.now.items()]
        data = QueryDict(mutable=True) if not isinstance(self.data, QueryDict) else self.data.copy()
        for name, now in error.now.items():
            if self.shows_values and self._sent(name) == _as_sent(seen.get(name)):
                data.setlist(self.add_prefix(name), _as_sent(now))
        data[self.add_prefix("seen_values")] = json.dumps({**seen, **error.now})
        self.data = data
        told = _("Somebody else has set in the meantime: %(changes)s. What you entered is kept; save again.")
        self.add_error(None, forms.ValidationError(told, error.code, {"changes": " · ".join(words)}))

    def _sent(self, name: str) -> list[str]:
        return _as_sent(
            self.fields[name].widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
        )

    def _words(self, name: str, value: Any) -> str:
        """A value as the reader knows it from the field."""
        field = self.fields[name]
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(field, forms.ModelChoiceField):
            assert field.queryset is not None
            rows = field.queryset.filter(pk__in=_as_sent(value))
            return listed(field.label_from_instance(row) for row in rows) or "–"
        if isinstance(field, forms.MultipleChoiceField) and isinstance(value, list):
            choices = cast("Iterable[tuple[object, object]]", field.choices)
            return listed(label for key, label in choices if key in value) or "–"
        if isinstance(field, forms.ChoiceField):
            choices = cast("Iterable[tuple[object, object]]", field.choices)
            return {str(key): str(label) for key, label in choices}.get(str(value), "–")
        return str(value or "–")


def _as_sent(value: object) -> list[str]:
    """A value as a browser sends it: what is empty or not ticked is not there."""
    if isinstance(value, list | tuple):
        return sorted(str(each) for each in value)
    return [] if value in (None, "", False) else ["on" if value is True else str(value)]
