"""The survey as a form: a group of radio buttons per question, and a comment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import Segmented, scale_choices
from feedback.models import Instrument, Item
from feedback.rules import LONGEST_COMMENT

# Above this many points a scale shows words for its two ends only, on lines of its own.
MOST_WITH_WORDS = 7


class QuestionField(forms.TypedChoiceField):
    """Points of one item; left out is None. `ends` are the words for the ends of a long scale."""

    def __init__(self, item: Item) -> None:
        points = range(item.lowest, item.highest + 1)
        labels = item.labels
        self.is_long = len(points) > MOST_WITH_WORDS or len(labels) != len(points)
        self.ends = ((points[0], labels[0]), (points[-1], labels[-1])) if self.is_long and labels else None
        choices: list[tuple[int, Any]] = (
            [(number, str(number)) for number in points]
            if self.is_long
            else list(scale_choices(labels, first=item.lowest))
        )
        super().__init__(
            label=item.text,
            choices=choices,
            coerce=int,
            empty_value=None,
            required=item.is_required,
            widget=Segmented(look="scale long" if self.is_long else "scale"),
            error_messages={
                "required": _("Please answer this question; all others may be left out."),
                "invalid_choice": _("Choose one of the points of the scale."),
            },
        )


class SurveyForm(forms.Form):
    """Builds its fields from a questionnaire, in the active language."""

    def __init__(self, instrument: Instrument, data: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.codes = [item.code for item in instrument.items.all()]
        for item in instrument.items.all():
            self.fields[item.code] = QuestionField(item)
        # Last, below the questions.
        self.fields["comment"] = forms.CharField(
            label=_("Is there anything else you want to tell us?"),
            required=False,
            max_length=LONGEST_COMMENT,
            widget=forms.Textarea(attrs={"rows": 4, "placeholder": _("Only if you like")}),
        )

    @property
    def questions(self) -> list[forms.BoundField]:
        return [self[code] for code in self.codes]

    @property
    def answers(self) -> dict[str, int]:
        """What was answered, by item code."""
        return {code: self.cleaned_data[code] for code in self.codes if self.cleaned_data[code] is not None}

    @property
    def answered(self) -> int:
        """How many questions have an answer as the form is shown."""
        return sum(self[code].value() not in (None, "") for code in self.codes)

    @property
    def percent(self) -> int:
        return round(100 * self.answered / len(self.codes)) if self.codes else 0
