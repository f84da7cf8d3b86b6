"""Makes or revokes a key to the API for a member of staff."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.actions.tokens import create_api_token, revoke_api_tokens
from accounts.models import User
from common.errors import DomainError


class Command(BaseCommand):
    help = "Make a key to the API that acts as a member of staff, and print it once; --revoke ends it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="whose rights the key has")
        parser.add_argument("name", help="what the key is for, such as webshop")
        parser.add_argument("--revoke", action="store_true", help="make the keys of that name useless")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email__iexact=options["email"]).first()
        if user is None:
            raise CommandError(f"Nobody has an account with the address {options['email']}.")
        if options["revoke"]:
            count = revoke_api_tokens(actor=None, user=user, name=options["name"])
            if not count:
                raise CommandError(f"{user.email} has no key named {options['name']}.")
            self.stdout.write(f"Revoked: {count}")
            return
        if not user.is_active:
            raise CommandError(f"{user.email} may not sign in, so a key would open nothing.")
        try:
            _token, key = create_api_token(actor=None, user=user, name=options["name"])
        except DomainError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(key)
        self.stderr.write("Keep it now: it can't be shown again. Send it as “Authorization: Bearer …”.")
