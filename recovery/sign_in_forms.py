"""The forms at the entrance, in the words of the rest of the product."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm, ResetPasswordForm
from django import forms
from django.utils.translation import gettext_lazy as _


class SignInForm(LoginForm):
    """E-mail address and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _name(self.fields["login"])


class ResetForm(ResetPasswordForm):
    """The address that the link to a new password goes to."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _name(self.fields["email"])


def _name(field: forms.Field) -> None:
    field.label = _("E-mail address")
    # It would say the same once more.
    field.widget.attrs.pop("placeholder", None)
