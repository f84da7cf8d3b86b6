"""Who may have an account: staff, made by an administrator, never by signing up."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class StaffAccountAdapter(DefaultAccountAdapter):
    """Sign-in by e-mail address and password for accounts that exist already."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False
