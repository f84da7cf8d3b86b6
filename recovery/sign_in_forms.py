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
        self.fields["login"].label = _("E-mail address")
        _drop_placeholders(self)


class ResetForm(ResetPasswordForm):
    """The address that the link to a new password goes to."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail address")
        _drop_placeholders(self)


def _drop_placeholders(form: forms.BaseForm) -> None:
    """They would say what the labels say."""
    for field in form.fields.values():
        field.widget.attrs.pop("placeholder", None)
