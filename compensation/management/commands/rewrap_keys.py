"""Seal the keys for account numbers with the newest key of the environment."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from compensation.actions.sealing import rewrap_keys
from compensation.sealing import CannotUnsealError


class Command(BaseCommand):
    """`manage.py rewrap_keys`: after a change of keys; at night a task does the same."""

    help = "Seal the keys for account numbers with the newest key of the environment."

    def handle(self, *_args: Any, **_options: Any) -> None:
        try:
            count = rewrap_keys()
        except CannotUnsealError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(f"Keys sealed anew: {count}.")
