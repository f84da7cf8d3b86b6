"""Forms of the kinds of compensation: the product's, and an organisation's own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from compensation.actions.kinds import KindRecord
from compensation.kind_states import DETAILS, Detail
from compensation.models.kind import LONGEST_CODE, LONGEST_DAYS
from compensation.states import METHODS, FulfilmentMethod, Need, RemedyClass
from desk.forms.changing import ChangeForm
from desk.forms.grouped import GroupedForm

_ALL = frozenset(KindRecord.__dataclass_fields__)
_NAMES = ["name_en", "name_zh"]


class NeedSelect(forms.RadioSelect):
    """A need is shown with the ways that it knows and what it asks."""

    option_template_name = "desk/settings/kind_need.html"

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        need = Need(str(value))
        option = super().create_option(name, value, *args, **kwargs)
        option["ways"] = [way.label for way in METHODS[need]]
        option["details"] = [detail.label for detail in DETAILS[need]]
        return option


class KindForm(GroupedForm, ChangeForm):
    """How a kind is handled. What its need does not know, of ways and details, is left out."""

    wide = True

    name_en = forms.CharField(label=_("Name in English"), max_length=60)
    name_zh = forms.CharField(label=_("Name in Chinese"), max_length=60)
    is_active = forms.BooleanField(
        label=_("In use"),
        required=False,
        initial=True,
        help_text=_("Else it is not proposed any more; what was granted of it stays as it is."),
    )
    remedy_class = forms.ChoiceField(
        label=_("It gives back"),
        choices=RemedyClass,
        initial=RemedyClass.WORTH,
        widget=forms.RadioSelect(attrs={"class": "seg"}),
        help_text=_(
            "Failures of outcome want something of worth, failures of process want regard. "
            "What gives regard and is sent, handed over or booked may cost nothing."
        ),
    )
    need = forms.ChoiceField(label=_("It takes"), choices=Need, initial=Need.PAYMENT, widget=NeedSelect)
    methods = forms.MultipleChoiceField(
        label=_("Ways of fulfilling"),
        choices=FulfilmentMethod,
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "in-columns"}),
        help_text=_("None ticked stands for all that are named above. Those it does not take are left out."),
    )
    required = forms.MultipleChoiceField(
        label=_("Has to be told at fulfilment"),
        choices=Detail,
        required=False,
        widget=forms.CheckboxSelectMultiple(attrs={"class": "in-columns"}),
        help_text=_(
            "What is not ticked may be told. Those it does not ask are left out. For a bank transfer it is "
            "told with the account; a voucher tells all by itself."
        ),
    )
    counts_stock = forms.BooleanField(
        label=_("Its stock is counted"),
        required=False,
        help_text=_(
            "For what is sent or handed over: each branch counts in what it gets, and what it has not is not "
            "given out."
        ),
    )
    asks_customer = forms.BooleanField(
        label=_("The customer is asked first"),
        required=False,
        help_text=_("Nothing of this kind is fulfilled before the customer has accepted it."),
    )
    answer_days = forms.IntegerField(
        label=_("Days to answer"), min_value=1, max_value=LONGEST_DAYS, initial=14
    )
    due_days = forms.IntegerField(
        label=_("Business days until it arrives"), min_value=1, max_value=LONGEST_DAYS, initial=5
    )
    layout: list[tuple[str | Promise, list[str]]] = [
        ("", ["is_active", "remedy_class", "need", "methods", "required", "counts_stock"]),
        (_("The customer, and the promise"), ["asks_customer", "answer_days", "due_days"]),
    ]

    def __init__(self, *args: Any, own: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in () if own else _NAMES:
            del self.fields[name]
        self.layout = self._arranged(_NAMES if own else [])

    def _arranged(self, names: Iterable[str]) -> list[tuple[str | Promise, list[str]]]:
        return [(_("What it is called"), list(names)), *type(self).layout] if names else type(self).layout

    def _kept(self) -> Iterator[tuple[str, Any]]:
        return ((name, value) for name, value in self.cleaned_data.items() if name in _ALL)

    @property
    def record(self) -> KindRecord:
        """What a valid form says."""
        return KindRecord(**dict(self._kept()))


class StockForm(forms.Form):
    """What came in or went out at a branch, and at which number to warn."""

    branch_id = forms.TypedChoiceField(label=_("Branch"), coerce=int)
    change = forms.IntegerField(
        label=_("Came in"),
        initial=0,
        help_text=_("With a minus, what went out or was missing."),
    )
    low_at = forms.IntegerField(
        label=_("Warn at"), min_value=0, required=False, help_text=_("Left empty, it stays as it is.")
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, branches: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["branch_id"].choices = branches  # type: ignore[attr-defined]


class NewKindForm(KindForm):
    """A kind of the organisation's own."""

    code = forms.CharField(
        label=_("Code"),
        max_length=LONGEST_CODE,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        help_text=_("Small letters, digits and underscores; programs know the kind by it, and it stays."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, own=True, **kwargs)
        self.layout = self._arranged(["code", *_NAMES])
