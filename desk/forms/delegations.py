"""The form of lending authority to decide for some days."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.queries import deciders
from desk.forms.places import day_input


class DelegationForm(forms.Form):
    """Who stands in, from when until when, and why; an administrator also says for whom."""

    delegator = forms.ModelChoiceField(label=_("Who is away"), queryset=User.objects.none())
    delegate = forms.ModelChoiceField(label=_("Who stands in"), queryset=User.objects.none())
    starts_on = forms.DateField(label=_("From"), widget=day_input())
    ends_on = forms.DateField(label=_("Until"), widget=day_input())
    reason = forms.CharField(
        label=_("Reason"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )

    def __init__(self, *args: Any, user: User, for_others: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, queryset in (("delegator", deciders()), ("delegate", deciders().exclude(pk=user.pk))):
            field = self.fields[name]
            assert isinstance(field, forms.ModelChoiceField)
            field.queryset = queryset
            field.label_from_instance = _labelled  # type: ignore[assignment,method-assign]
        if not for_others:
            del self.fields["delegator"]


def _labelled(user: User) -> str:
    return f"{user.name} · {user.get_role_display()}"
