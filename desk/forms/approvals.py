"""The form of a batch: several like offers, one reason."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from django import forms
from django.http import QueryDict

from compensation.states import Decision
from desk.forms.offers import ReasonForm
from desk.paging import id_in


class BatchForm(ReasonForm):
    """What to do with the chosen offers, and why."""

    decision = forms.ChoiceField(choices=Decision, widget=forms.HiddenInput)

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data, auto_id="batch_%s")
        self.seen = {} if data is None else chosen_in(data)


def chosen_in(data: QueryDict) -> dict[int, Decimal]:
    """The offers that were chosen, each with the amount it was shown with; nonsense is left out."""
    pairs = [value.partition(":")[::2] for value in data.getlist("offer")]
    read = [(id_in(key), read_amount(amount)) for key, amount in pairs]
    return {key: amount for key, amount in read if key is not None and amount is not None}


def read_amount(text: str) -> Decimal | None:
    """The amount that a form tells it was shown with; None when that is none."""
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None
