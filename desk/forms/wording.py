"""Forms of what administrators put into words: kinds of failure, causes, playbooks and scripts."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from cases.actions import playbooks
from cases.actions.taxonomy import TermRecord
from cases.models import Cause, Defect
from cases.states import StepKind
from desk.forms.changing import ChangeForm
from desk.forms.grouped import GroupedForm
from messaging.actions import scripts
from messaging.actions.scripts import ScriptRecord

_ZH_HELP = _("Left empty, the English name is shown.")


class TermForm(ChangeForm):
    """A kind of failure, a family of them, or a cause; `siblings` are the others in their order."""

    name_en = forms.CharField(label=_("Name in English"), max_length=120)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=120, required=False, help_text=_ZH_HELP)
    after = forms.TypedChoiceField(
        label=_("Comes after"),
        required=False,
        coerce=int,
        empty_value=None,
        help_text=_("Its place in lists."),
    )
    is_active = forms.BooleanField(
        label=_("In use"),
        required=False,
        help_text=_("Without it, forms offer it no more; cases that have it keep it."),
    )

    def __init__(self, *args: Any, siblings: Iterable[Defect | Cause], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("nothing: it is first")), *((row.pk, row.label) for row in siblings)]
        self.fields["after"].choices = choices  # type: ignore[attr-defined]

    @property
    def record(self) -> TermRecord:
        """What a valid form says."""
        return TermRecord(**{name: self.cleaned_data[name] for name in TermRecord.__dataclass_fields__})


def _text_area(language: str, rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows, "lang": language})


class PlaybookForm(GroupedForm, ChangeForm):
    """The names of a playbook and the guidance for its steps."""

    wide = True
    name_en = forms.CharField(label=_("Name in English"), max_length=120)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=120, required=False, help_text=_ZH_HELP)

    def __init__(self, *args: Any, kinds: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kinds = kinds
        self.layout = [(pgettext_lazy("of a thing", "Name"), ["name_en", "name_zh"])]
        for kind in kinds:
            names = []
            for language, label in (("en", _("In English")), ("zh", _("In Chinese"))):
                name = playbooks.field_of(kind, language)
                tag = "zh-Hans" if language == "zh" else "en"
                self.fields[name] = forms.CharField(
                    label=label, max_length=250, required=False, widget=_text_area(tag, 3)
                )
                names.append(name)
            self.layout.append((StepKind(kind).label, names))

    @property
    def names(self) -> tuple[str, str]:
        """The names that a valid form gives."""
        return self.cleaned_data["name_en"], self.cleaned_data["name_zh"]

    @property
    def hints(self) -> dict[str, tuple[str, str]]:
        """The guidance that a valid form gives, by kind of step."""
        given = self.cleaned_data
        return {
            kind: (given[playbooks.field_of(kind, "en")], given[playbooks.field_of(kind, "zh")])
            for kind in self.kinds
        }


class ScriptForm(GroupedForm, ChangeForm):
    """A script in every language."""

    wide = beside = True
    step = forms.ChoiceField(
        label=_("Recovery step"),
        required=False,
        choices=[("", _("any step")), *StepKind.choices],
        help_text=_("Offered first when this step is next."),
    )
    is_active = forms.BooleanField(label=_("In use"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Two long texts, each character of which may be written as six.
        self.fields["seen_values"] = forms.CharField(
            required=False, max_length=100_000, widget=forms.HiddenInput
        )
        self.layout = [("", ["step", "is_active"])]
        for language, name in settings.LANGUAGES:
            title, body = scripts.field_of("title", language), scripts.field_of("body", language)
            self.fields[title] = forms.CharField(
                label=_("Title"), max_length=scripts.LONGEST_TITLE, required=False
            )
            self.fields[title].widget.attrs["lang"] = language
            self.fields[body] = forms.CharField(
                label=_("Text"),
                max_length=scripts.LONGEST_BODY,
                required=False,
                widget=_text_area(language, 10),
            )
            self.layout.append((name, [title, body]))

    @property
    def record(self) -> ScriptRecord:
        """What a valid form says."""
        given = self.cleaned_data
        texts = {
            language: (given[scripts.field_of("title", language)], given[scripts.field_of("body", language)])
            for language, _name in settings.LANGUAGES
        }
        return ScriptRecord(texts=texts, step=given["step"], is_active=given["is_active"])
