"""A form whose fields stand in groups, each with a heading and its fields side by side."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.forms.boundfield import BoundField
from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Group:
    """Fields under a heading; without one they stand by themselves, one below the other."""

    heading: str | Promise
    fields: list[BoundField]


class GroupedForm(forms.Form):
    """Gives `groups` to the page, from pairs of a heading and names of fields.

    `wide` leaves room for long texts; `beside` puts whole groups side by side, and not the fields of each.
    """

    wide = False
    beside = False
    layout: list[tuple[str | Promise, list[str]]]

    @property
    def groups(self) -> list[Group]:
        return [Group(heading, [self[name] for name in names]) for heading, names in self.layout]
