"""The filter of the audit trail."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.queries import Wanted
from cases.access import get_case_for
from cases.models import Case
from desk.forms.places import day_input
from desk.trail.reading import streams_of
from desk.trail.verbs import GROUPS

NOBODY = "0"
EARLIEST, LATEST = dt.date(2000, 1, 1), dt.date(2099, 12, 31)
ONE_DAY = dt.timedelta(days=1)


class TrailForm(forms.Form):
    """A case, a person, a kind of event, a period; each may be left open.

    Who works for some branches only reads the trail of one case at a time: events of other branches are not
    theirs to see.
    """

    number = forms.CharField(
        label=_("Case number"),
        required=False,
        max_length=20,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    person = forms.ChoiceField(label=_("Person"), required=False)
    action = forms.ChoiceField(
        label=_("What"),
        required=False,
        choices=[("", _("everything")), *((group, list(verbs.items())) for group, verbs in GROUPS)],
    )
    since = forms.DateField(label=_("From"), required=False, widget=day_input())
    until = forms.DateField(label=_("To"), required=False, widget=day_input())

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.case: Case | None = None
        people = User.objects.order_by("name", "pk").values_list("pk", "name")
        self.fields["person"].choices = [  # type: ignore[attr-defined]
            ("", _("everybody")),
            (NOBODY, _("Amends itself")),
            *((str(key), name) for key, name in people),
        ]

    def clean_number(self) -> str:
        """The number of a case that the reader may see, as the case itself writes it."""
        number: str = self.cleaned_data["number"].strip().upper()
        if not number:
            if self.user.branch_ids is not None:
                raise forms.ValidationError(
                    _("You work for some of the branches: enter the number of one of your cases.")
                )
            return ""
        try:
            self.case = get_case_for(self.user, number)
        except Case.DoesNotExist:
            raise forms.ValidationError(_("You see no case with this number.")) from None
        return number

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        since, until = given.get("since"), given.get("until")
        for name, day in (("since", since), ("until", until)):
            if day and not EARLIEST <= day <= LATEST:
                self.add_error(name, _("Choose a day of this century."))
        if since and until and until < since:
            self.add_error("until", _("The period ends before it begins."))
        return given

    def wanted(self) -> Wanted:
        """What a valid form asks for; days are those of the reader's time zone."""
        given, zone = self.cleaned_data, ZoneInfo(self.user.time_zone)
        person = given["person"]
        return Wanted(
            streams=streams_of(self.case) if self.case else None,
            actor_id=int(person) if person and person != NOBODY else None,
            by_nobody=person == NOBODY,
            verb=given["action"],
            since=_start(given["since"], zone),
            until=_start(given["until"] + ONE_DAY, zone) if given["until"] else None,
        )


def _start(day: dt.date | None, zone: ZoneInfo) -> dt.datetime | None:
    return dt.datetime.combine(day, dt.time(0), zone) if day else None
