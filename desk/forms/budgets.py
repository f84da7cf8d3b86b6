"""Forms of budgets: how much, for whom and when, on what terms."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Branch, Team, User
from accounts.queries import branches_of
from common.money import CURRENCIES
from compensation.actions.budgets import Terms
from compensation.kind_queries import kind_choices
from compensation.models import Budget
from compensation.states import ReserveAt
from desk.forms.changing import ChangeForm
from desk.forms.places import day_input
from desk.forms.teams import TeamChoice
from insights.wording import format_days

_PERCENT = {"inputmode": "decimal", "autocomplete": "off"}


class ReasonForm(forms.Form):
    """Why a budget is closed."""

    reason = forms.CharField(label=_("Reason"), max_length=500)


class BranchInCurrency(forms.ModelChoiceField):  # type: ignore[type-arg]  # not subscriptable at run time
    """A branch, told with the currency that it spends in."""

    def label_from_instance(self, obj: Branch) -> str:
        return f"{obj.label} · {obj.currency}"


class BudgetAbove(forms.ModelChoiceField):  # type: ignore[type-arg]  # likewise
    """A budget that others can be part of."""

    def label_from_instance(self, obj: Budget) -> str:
        return f"{obj.label} · {obj.currency} · {format_days(obj.starts_on, obj.ends_on, year=True)}"


class BudgetTermsForm(ChangeForm):
    """How much there is to spend in a period that is set already, and on what terms."""

    amount = forms.DecimalField(
        label=_("Amount"),
        max_digits=14,
        decimal_places=4,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    parent = BudgetAbove(
        Budget.objects.none(),
        label=_("Part of"),
        required=False,
        empty_label=pgettext_lazy("budget above", "none"),
        help_text=_("What is set aside here is set aside there, too, and neither gives more than it has."),
    )
    reserve_at = forms.ChoiceField(
        label=_("Money is set aside"), choices=ReserveAt.choices, initial=ReserveAt.APPROVAL, required=False
    )
    overdraft = forms.DecimalField(
        label=_("Overdraft in %"),
        initial=0,
        required=False,
        max_digits=4,
        decimal_places=1,
        widget=forms.TextInput(attrs=_PERCENT),
        help_text=_(
            "0 stops at the amount. What goes beyond it, up to this share, is approved one level up."
        ),
    )
    warn_at = forms.CharField(
        label=_("Tell managers at % used"),
        initial="80, 100",
        required=False,
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Several with commas. They are also told when the pace will not last."),
    )
    carries_over = forms.BooleanField(
        label=_("What is left goes into the next period"),
        required=False,
        help_text=_("Once the period is over and a budget follows it."),
    )

    def __init__(self, *args: Any, about: Budget | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        above = Budget.objects.filter(closed_at=None).select_related("branch", "team")
        if about is not None:
            above = above.filter(
                currency=about.currency, starts_on__lte=about.starts_on, ends_on__gte=about.ends_on
            ).exclude(pk=about.pk)
        self.fields["parent"].queryset = above.order_by("currency", "name", "starts_on")  # type: ignore[attr-defined]

    def clean_warn_at(self) -> list[int]:
        """The shares as whole numbers."""
        words = [word for word in re.split(r"[\s,，、;%]+", self.cleaned_data["warn_at"]) if word]
        if not all(word.isdecimal() and len(word) <= 3 for word in words):
            raise forms.ValidationError(_("Write whole numbers such as 80, 100."))
        return [int(word) for word in words]

    @property
    def terms(self) -> Terms:
        """What a valid form says."""
        given = self.cleaned_data
        return Terms(
            parent_id=given["parent"].pk if given["parent"] else None,
            reserve_at=given["reserve_at"] or ReserveAt.APPROVAL,
            overdraft=(given["overdraft"] or Decimal(0)) / 100,
            carries_over=given["carries_over"],
            warn_at=given["warn_at"],
        )


class BudgetChangeForm(BudgetTermsForm):
    """The same of a budget that is there, with the reason."""

    reason = forms.CharField(label=_("Reason"), max_length=500)


class BudgetForm(BudgetTermsForm):
    """Money for a branch and a period in the branch's currency, or for one that stands above branches."""

    branch = BranchInCurrency(
        Branch.objects.none(),
        label=_("Branch"),
        empty_label=_("none: it stands above branches"),
        required=False,
    )
    team = TeamChoice(
        Team.objects.none(),
        label=_("Team"),
        empty_label=_("the whole branch"),
        required=False,
        help_text=_("It pays for what the people of this team propose, before the branch’s does."),
    )
    kind = forms.ChoiceField(
        label=pgettext_lazy("what it may be spent on", "For"),
        choices=lambda: [("", _("every kind of compensation")), *kind_choices()],
        required=False,
    )
    name = forms.CharField(
        label=pgettext_lazy("of a thing", "Name"),
        max_length=80,
        required=False,
        help_text=_("Of a region or the whole organisation; a branch needs none."),
    )
    currency = forms.ChoiceField(
        label=_("Currency"),
        choices=[("", _("the branch’s")), *((code, code) for code in CURRENCIES)],
        required=False,
    )
    starts_on = forms.DateField(label=_("First day"), widget=day_input())
    ends_on = forms.DateField(label=_("Last day"), widget=day_input())
    field_order = ("branch", "team", "kind", "name", "currency", "starts_on", "ends_on", "amount")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        branches, teams = branches_of(user), Team.objects.filter(is_active=True).select_related("branch")
        self.fields["branch"].queryset = branches  # type: ignore[attr-defined]
        found = teams.filter(branch__in=branches).order_by("branch__code", "name_en")
        self.fields["team"].queryset = found  # type: ignore[attr-defined]
        if not found.exists():
            del self.fields["team"]

    def clean(self) -> dict[str, Any]:
        """A budget above branches has a name and a currency of its own."""
        given = super().clean() or self.cleaned_data
        branch: Branch | None = given.get("branch")
        if branch is not None:
            given["currency"], given["name"] = branch.currency, ""
        elif "branch" not in self.errors and not given.get("currency"):
            self.add_error("currency", _("Choose a currency."))
        return given

    @staticmethod
    def this_month(today: dt.date) -> dict[str, Any]:
        """The period that most budgets are for."""
        start = today.replace(day=1)
        end = (start + dt.timedelta(days=31)).replace(day=1) - dt.timedelta(days=1)
        return {"starts_on": start, "ends_on": end}
