"""`manage.py create_admin`: makes an administrator, the one account that nobody else can make."""

from __future__ import annotations

import getpass
import os
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.actions.staff import StaffRecord, create_staff
from accounts.models import Branch, User
from accounts.states import Role
from common.errors import Invalid

PASSWORD_VARIABLE = "AMENDS_ADMIN_PASSWORD"  # noqa: S105  # the name of a variable


class Command(BaseCommand):
    help = (
        "Makes an administrator: asks for what is not given. Unattended, give --email and --name, and the "
        f"password in the variable {PASSWORD_VARIABLE}."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--email", help="the address to sign in with")
        parser.add_argument("--name", help="the name that colleagues see")
        parser.add_argument("--language", default="en", help="en or zh-hans (default: %(default)s)")
        parser.add_argument("--time-zone", default="UTC", help="as Europe/Berlin (default: %(default)s)")
        parser.add_argument(
            "--no-input", action="store_true", help="never ask; fail where something is missing"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self.asks = not options["no_input"]
        new = StaffRecord(
            email=options["email"] or self._ask("E-mail: ", "--email"),
            name=options["name"] or self._ask("Name: ", "--name"),
            role=Role.ADMIN,
            all_branches=True,
            language=options["language"],
            time_zone=options["time_zone"],
        )
        try:
            user = create_staff(actor=None, new=new, password=self._password())
        except Invalid as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{user.email} may sign in as an administrator.")
        if not Branch.objects.filter(is_active=True).exists():
            self.stdout.write(
                "Next: sign in, add a branch in Settings > Branches and calendars, then make accounts for "
                "your colleagues in Settings > People."
            )
        elif User.objects.count() == 1:
            self.stdout.write("This is the first account; make the others in Settings > People.")

    def _ask(self, prompt: str, option: str) -> str:
        if not self.asks:
            raise CommandError(f"{option} is missing.")
        return input(prompt).strip()

    def _password(self) -> str:
        given = os.environ.get(PASSWORD_VARIABLE, "")
        if given:
            return given
        if not self.asks:
            raise CommandError(f"The password is missing: set {PASSWORD_VARIABLE}.")
        password = getpass.getpass("Password: ")
        if password != getpass.getpass("Password, once more: "):
            raise CommandError("The two passwords are not the same.")
        if not password:
            raise CommandError("Without a password nobody can sign in.")
        return password
