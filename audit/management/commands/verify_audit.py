"""`manage.py verify_audit`: proves that no audit event was changed, left out or slipped in."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from audit.queries import Verification


class Command(BaseCommand):
    help = "Checks the hash chain of every audit stream; exits with 1 and names the first broken link."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--stream", default="", help="check one stream only, as case:17")
        parser.add_argument(
            "--all", action="store_true", help="go on after the first broken link and name every one"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        verification = Verification(options["stream"])
        broken = 0
        for found in verification.breaks():
            broken += 1
            self.stderr.write(str(found))
            if not options["all"]:
                raise CommandError("The audit trail is broken there.", returncode=1)
        if broken:
            raise CommandError(f"The audit trail is broken in {broken} places.", returncode=1)
        if options["stream"] and not verification.events:
            raise CommandError(f"There is no audit stream {options['stream']}.", returncode=1)
        self.stdout.write(
            f"{verification.events:,} events in {verification.streams:,} streams: every link holds."
        )
