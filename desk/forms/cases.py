"""Forms of the case page."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.queries import owners_for
from cases.models import Case, Cause, Defect
from cases.queries import causes, defect_by_key, defects
from cases.states import DECISIONS, FailureType, StepKind
from desk.forms.changing import ChangeForm
from desk.forms.choices import FoundChoice
from sla.states import Severity

LONG = 20_000
# Scripts mark in square brackets what the writer has to fill in.
BLANK = re.compile(r"\[[^\[\]\n]{1,200}\]")


class WriteForm(forms.Form):
    """A note, or what the customer told us further."""

    body = forms.CharField(
        label=_("Text"),
        max_length=LONG,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write something first.")},
    )


class ReplyForm(WriteForm):
    """A reply by e-mail, which may complete the step it belongs to."""

    goes_out = True
    completes = forms.ChoiceField(label=_("Completes the step"), required=False, choices=())

    def __init__(self, *args: Any, open_steps: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("none"))] + [(kind, StepKind(kind).label) for kind in open_steps]
        self.fields["completes"].choices = choices  # type: ignore[attr-defined]

    def clean_body(self) -> str:
        """The text, unless a blank of a script is left in it: the customer would read "[day]"."""
        body: str = self.cleaned_data["body"]
        if self.goes_out and (blanks := BLANK.findall(body)):
            message = _("Fill in what stands in brackets, or take it out: %(blanks)s")
            raise forms.ValidationError(message, code="blank", params={"blanks": " ".join(blanks[:3])})
        return body


class CallForm(ReplyForm):
    """What was said on the phone or at the counter."""

    goes_out = False
    minutes = forms.IntegerField(label=_("Minutes"), required=False, min_value=0, max_value=600)
    field_order = ("body", "minutes", "completes")


class StepForm(forms.Form):
    """Completing a step."""

    note = forms.CharField(label=_("Note"), required=False, max_length=500)
    confirmed = forms.BooleanField(required=False, widget=forms.HiddenInput)


class ReasonForm(forms.Form):
    """Anything that only needs to be told why."""

    reason = forms.CharField(
        label=_("Reason"), max_length=250, error_messages={"required": _("Give a reason.")}
    )


class AssignForm(ChangeForm):
    """Giving a case to someone."""

    shows_values = False

    owner = forms.ModelChoiceField(User.objects.none(), label=_("New owner"))

    def __init__(self, *args: Any, case: Case, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].queryset = owners_for(case.branch_id)  # type: ignore[attr-defined]


class DefectChoice(FoundChoice):
    """Kinds of defect, grouped by family, from one query."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Defect.objects.all(), find=self._found, **kwargs)
        self.held: int | None = None

    def __deepcopy__(self, memo: dict[int, Any]) -> DefectChoice:
        copied: DefectChoice = super().__deepcopy__(memo)
        copied.find = copied._found
        return copied

    def _found(self, key: int) -> Defect | None:
        found = defect_by_key(key)
        usable = found is not None and ((found.is_active and found.family_id is not None) or key == self.held)
        return found if usable else None

    def keep(self, held: int | None) -> None:
        """Take the kind that a case has also when it is retired: what is not changed must not be lost."""
        self.held = held

    def fill(self) -> None:
        """Offer what there is, in the language of the page, once it is shown: a form sent asks nothing."""
        self.widget.choices = self._options

    def _options(self) -> list[tuple[Any, Any]]:
        groups: dict[str, list[tuple[int, str]]] = {}
        for defect in defects():
            family = defect.family.label if defect.family else ""
            groups.setdefault(family, []).append((defect.pk, defect.label))
        known = {key for kinds in groups.values() for key, _label in kinds}
        if self.held is not None and self.held not in known:
            kept = Defect.objects.filter(pk=self.held)
            groups[str(_("retired"))] = [(defect.pk, defect.label) for defect in kept]
        return [("", _("not chosen")), *groups.items()]


class ClassifyForm(ChangeForm):
    """What failed, how grave it is, and what loss is verified."""

    failure_type = forms.ChoiceField(
        label=_("Failure type"), choices=FailureType, widget=forms.RadioSelect(attrs={"class": "seg"})
    )
    defect = DefectChoice(label=_("Defect"), required=False)
    severity = forms.TypedChoiceField(
        label=_("Severity"),
        choices=[(value, f"{value} · {label}") for value, label in Severity.choices],
        coerce=int,
    )
    verified_loss = forms.DecimalField(label=_("Verified loss"), required=False, min_value=0, max_digits=14)
    reason = forms.CharField(label=_("Reason, if the severity changes"), required=False, max_length=250)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["defect"].keep(self.initial.get("defect"))  # type: ignore[attr-defined]
        self.fields["defect"].fill()  # type: ignore[attr-defined]
        choices = [(value, f"{value} · {label}") for value, label in Severity.choices]
        self.fields["severity"].choices = choices  # type: ignore[attr-defined]


class ResolveForm(forms.Form):
    """The decision: outcome, verified cause, and how the customer was told."""

    outcome = forms.ChoiceField(
        label=_("Decision on the complaint"),
        choices=[("", _("not chosen")), *((each.value, each.label) for each in DECISIONS)],
    )
    cause = forms.ModelChoiceField(
        Cause.objects.filter(is_active=True), label=_("Verified cause"), empty_label=_("not chosen")
    )
    resolution = forms.CharField(
        label=_("Decision, and how the customer was told"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    reason = forms.CharField(
        label=_("Why resolve with work still open"),
        required=False,
        max_length=250,
        help_text=_("Only needed where something stands against it."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        options = [(cause.pk, cause.label) for cause in causes()]
        held = self.initial.get("cause")
        if held is not None and held not in dict(options):
            # Retired since an earlier resolution, which found it.
            kept = Cause.objects.filter(pk=held)
            options += [(cause.pk, cause.label) for cause in kept]
            self.fields["cause"].queryset |= kept  # type: ignore[attr-defined]
        self.fields["cause"].widget.choices = [("", _("not chosen")), *options]
