"""What the reader of compensation looks at: a currency besides, and what a list is narrowed to."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import Branch, User
from cases.models import Cause
from common.money import CURRENCIES
from compensation.models.kind import kind_label
from customers.states import Tier
from desk.forms.insights import SelectionForm
from insights.compensation import NO_CAUSE
from insights.figures import Selection

VERIFIED_ONLY = _("verified losses only")
# People and budgets are named by their keys; nobody is without a key in the database's range.
LARGEST_KEY = 2**63 - 1
KEYS = ("proposer", "approver", "agent", "budget")
PEOPLE = {
    "proposer": _("proposed by %(name)s"),
    "approver": _("decided by %(name)s"),
    "agent": _("resolved by %(name)s"),
}


class MoneyForm(SelectionForm):
    """The filters of the pages about compensation, and those that their lists are narrowed by."""

    loss = forms.ChoiceField(
        label=_("Loss"), required=False, choices=[("", _("any loss known")), ("verified", VERIFIED_ONLY)]
    )
    kind = forms.SlugField(required=False)
    cause = forms.SlugField(required=False)
    tier = forms.ChoiceField(required=False, choices=Tier.choices)
    proposer = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_KEY)
    approver = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_KEY)
    agent = forms.IntegerField(required=False, min_value=0, max_value=LARGEST_KEY)
    budget = forms.IntegerField(required=False, min_value=1, max_value=LARGEST_KEY)

    # The loss is asked for only where losses count.
    shown_names = (*SelectionForm.shown_names, "currency")

    def __init__(self, data: QueryDict, *, branches: list[Branch]) -> None:
        super().__init__(data, branches=branches)
        self.fields["currency"].label = _("Currency")
        names = [(code, code) for code in CURRENCIES]
        self.fields["currency"].choices = names  # type: ignore[attr-defined]
        self.cause_label = ""

    def choose_currency(self, currency: str) -> None:
        """Show and link this currency, where none was chosen."""
        self.given["currency"] = currency
        self.cleaned_data["currency"] = currency

    @property
    def verified_only(self) -> bool:
        return self.cleaned_data.get("loss") == "verified"

    def selection(self, *, zone: ZoneInfo, branch_ids: frozenset[int] | None) -> Selection:
        selection = super().selection(zone=zone, branch_ids=branch_ids)
        return selection.but(narrower=tuple(self._narrower()))

    def _narrower(self) -> list[tuple[str, Any]]:
        chosen = self.cleaned_data
        found: list[tuple[str, Any]] = [(name, chosen[name]) for name in ("kind", "tier") if chosen.get(name)]
        found += [(name, chosen[name] or None) for name in KEYS if chosen.get(name) is not None]
        if self.verified_only:
            found.append(("verified", False))
        if code := chosen.get("cause"):
            cause = None if code == NO_CAUSE else Cause.objects.filter(code=code).first()
            if cause or code == NO_CAUSE:
                found.append(("cause", cause.pk if cause else None))
                self.cause_label = cause.label if cause else str(_("no cause recorded yet"))
        return found

    def narrowed_words(self) -> list[str]:
        """What a list is narrowed to besides, in words."""
        chosen = self.cleaned_data
        words = [kind_label(chosen["kind"])] if chosen.get("kind") else []
        if self.cause_label:
            words.append(self.cause_label)
        if chosen.get("tier"):
            words.append(str(Tier(chosen["tier"]).label))
        named = {name: chosen[name] for name in PEOPLE if chosen.get(name)}
        people = User.objects.in_bulk(set(named.values())) if named else {}
        return words + [
            str(PEOPLE[name]) % {"name": people[key].name} for name, key in named.items() if key in people
        ]

    def query(self) -> dict[str, str]:
        given = {**super().query(), "currency": self.cleaned_data.get("currency", "")}
        return given | ({"loss": "verified"} if self.verified_only else {})


class LossForm(MoneyForm):
    """Also asks which losses count."""

    shown_names = (*MoneyForm.shown_names, "loss")


class BudgetsForm(MoneyForm):
    """Asks for nothing that budgets do not know: neither channel nor failure."""

    shown_names = ("period", "start", "end", "branch", "currency")
