"""How forms look: the renderer behind `{{ form }}` and `as_field_group`, and choices shown side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.forms.renderers import TemplatesSetting
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString


class Renderer(TemplatesSetting):
    """Forms and fields by the product's components; widgets by Django's own templates."""

    form_template_name = "components/form.html"
    field_template_name = "components/field.html"


class Segmented(forms.RadioSelect):
    """Radio buttons side by side.

    `look`: "scale" (1–5 with words), "scale long" (0–10), "severity", "low" (1 and 2 are bad).
    `keys` makes each value the shortcut that chooses it.
    """

    def __init__(self, *, look: str = "", keys: bool = False, **kwargs: Any) -> None:
        attrs = {"class": f"seg {look}".strip(), **(kwargs.pop("attrs", None) or {})}
        self.keys = keys
        super().__init__(attrs=attrs, **kwargs)

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        option["attrs"].pop("class", None)
        if self.keys:
            option["attrs"]["data-key"] = str(value)
        return option


def scale_choices(words: Sequence[str | Promise], first: int = 1) -> list[tuple[int, SafeString]]:
    """Choices of a scale: the number, and below it what it means."""
    return [
        (number, format_html("<b>{}</b><small>{}</small>", number, word))
        for number, word in enumerate(words, start=first)
    ]
