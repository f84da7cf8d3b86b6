"""`manage.py load_demo`: a fictional group with half a year of complaints, to look at and try things on."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import User
from cases.models import Case
from recovery.demo.loader import load

DEFAULT_CASES = 1500
FEWEST_CASES, MOST_CASES = 60, 20_000


class Command(BaseCommand):
    help = "Loads the demo: five users, four branches and half a year of complaints, from a fixed seed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--cases", type=int, default=DEFAULT_CASES, help="how many complaints (default: %(default)s)"
        )
        parser.add_argument(
            "--if-empty", action="store_true", help="do nothing where there is any user or complaint already"
        )

    def handle(self, *args: Any, cases: int, if_empty: bool, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError(
                "Demo users have a published password, so they exist in demo mode only; "
                "set AMENDS_DEMO=1 to run a demo, or make the first user with create_admin."
            )
        if not FEWEST_CASES <= cases <= MOST_CASES:
            raise CommandError(f"--cases must be a number from {FEWEST_CASES} to {MOST_CASES}.")
        if User.objects.filter(is_demo=True).exists():
            self._say("The demo is loaded already.")
            return
        if if_empty and (User.objects.exists() or Case.objects.exists()):
            return
        if User.objects.exists():
            raise CommandError("Somebody works here already; the demo needs a database without other users.")
        started = time.monotonic()
        counts = load(cases=cases, tell=lambda text: self._say(f"· {text}"))
        told = ", ".join(f"{count:,} {name}" for name, count in counts.items())
        self._say(f"Loaded {told} in {time.monotonic() - started:.1f} s")

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
