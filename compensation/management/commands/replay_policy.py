"""Holds a version of a policy against past cases: what would have changed, and what it would have cost."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from compensation.models import PolicyVersion
from compensation.policy_replay import BATCH, QUARTER, Replay, replay


class Command(BaseCommand):
    help = "Replay a policy over the cases of the last quarter, or of another period. Nothing is written."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("policy", help="the code of a policy, such as eu261")
        parser.add_argument("--number", type=int, help="which version; the newest unless told")
        parser.add_argument("--since", type=dt.date.fromisoformat, help="first day, UTC; else 91 days ago")
        parser.add_argument("--until", type=dt.date.fromisoformat, help="day after the last, UTC; else now")
        parser.add_argument("--most", type=int, default=1_000_000, help="no more than so many cases")
        parser.add_argument("--batch", type=int, default=BATCH, help="cases read at a time")

    def handle(self, **options: Any) -> None:
        versions = PolicyVersion.objects.filter(policy__code=options["policy"]).select_related("policy")
        if options["number"]:
            versions = versions.filter(number=options["number"])
        version = versions.order_by("-number").first()
        if version is None:
            raise CommandError("There is no such policy or version.")
        if min(options["most"], options["batch"]) < 1:
            raise CommandError("--most and --batch are at least 1.")
        until = _midnight(options["until"]) or timezone.now()
        since = _midnight(options["since"]) or until - QUARTER
        result = replay(version, since=since, until=until, most=options["most"], batch=options["batch"])
        self.stdout.write(
            f"{version.policy.code} version {version.number}, {since:%Y-%m-%d} to {until:%Y-%m-%d}"
        )
        for line in _lines(result):
            self.stdout.write(line)


def _midnight(day: dt.date | None) -> dt.datetime | None:
    return dt.datetime.combine(day, dt.time(), dt.UTC) if day else None


def _lines(result: Replay) -> list[str]:
    lines = [
        f"cases            {result.cases:>10,}" + ("  (bounded)" if result.cut else ""),
        f"gives on         {result.given:>10,}",
        f"changed          {result.changed:>10,}",
        f"other currency   {result.other_currency:>10,}",
        f"facts missing    {result.undecided:>10,}",
    ]
    lines += [f"  {fact:<14} {count:>10,}" for fact, count in sorted(result.lacking.items())]
    for currency, cost in sorted(result.costs.items()):
        lines.append(
            f"{currency}  before {cost.before:,.2f}  by this version {cost.after:,.2f}"
            f"  granted in fact {cost.granted:,.2f}"
        )
    for each in result.differences[:20]:
        lines.append(
            f"  {each.number}  {each.before} -> {each.after}  granted {each.granted} {each.currency}"
        )
    return lines
