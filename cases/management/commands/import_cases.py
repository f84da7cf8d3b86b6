"""`manage.py import_cases FILE --profile NAME`: takes complaints of another system in."""

from __future__ import annotations

import argparse
import contextlib
import gc
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from cases.actions.import_branch import branch_for_import
from cases.actions.import_cases import BATCH, ImportResult, import_cases
from cases.importing import (
    FileProblem,
    ProfileProblem,
    RowFile,
    load_profile,
    profile_names,
    refused_path,
    words_reader,
)
from common.errors import DomainError

# Objects made, less objects freed, before Python looks for cycles; a batch makes some tens of thousands.
COLLECT_AFTER = 200_000
# Seconds after which a thread that wants to go on is let.
HAND_OVER_AFTER = 0.0005


class Command(BaseCommand):
    help = (
        "Imports complaints from a CSV file (.csv or .csv.gz) as cases. Rows that are there already are "
        "passed over, so it may be stopped and run again; refused rows go to a file beside it, each with its "
        "reason. Imported history sends no reminders, mails or surveys."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE", help="the CSV file")
        parser.add_argument(
            "--profile",
            required=True,
            metavar="NAME",
            help=f"what its columns mean: {', '.join(profile_names())}, or the path of a .toml file",
        )
        parser.add_argument("--branch", metavar="CODE", help="the branch that the cases go to")
        parser.add_argument("--refused", type=Path, metavar="FILE", help="where refused rows are written")
        parser.add_argument("--limit", type=_above_zero, metavar="N", help="read no more than N rows")
        parser.add_argument(
            "--batch", type=_above_zero, default=BATCH, metavar="N", help="rows per transaction (%(default)s)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        refused = options["refused"] or refused_path(path, fallback=settings.DATA_DIR / "refused")
        try:
            profile = load_profile(options["profile"])
            # A file that can't be read must not leave a branch behind.
            with RowFile(path, encoding=profile.encoding, delimiter=profile.delimiter) as rows:
                size = rows.size
            with words_reader(size) as words:
                branch = branch_for_import(
                    actor=None, code=options["branch"], plan=profile.branch, zone=profile.zone
                )
                self.stdout.write(f"{profile.title} → branch {branch.code}")
                begun = time.monotonic()
                with (
                    fewer_collections(),
                    quick_handovers(),
                    tqdm(total=size, unit="B", unit_scale=True, disable=None, leave=False) as bar,
                ):
                    result = import_cases(
                        actor=None,
                        path=path,
                        profile=profile,
                        branch=branch,
                        words=words,
                        refused=refused,
                        limit=options["limit"],
                        batch=options["batch"],
                        on_progress=bar.update,
                    )
        except (FileProblem, ProfileProblem, DomainError, OSError) as error:
            raise CommandError(str(error)) from error
        self._report(result, time.monotonic() - begun, refused, profile.undated.isoformat())

    def _report(self, result: ImportResult, seconds: float, refused: Path, stand_in: str) -> None:
        speed = result.read / max(seconds, 0.01)
        lines = [
            f"{result.read:,} rows read in {seconds:,.1f} s ({speed:,.0f} a second)",
            f"{result.written:,} in",
            f"{result.already_there:,} already there",
            f"{result.refused_in_all:,} refused",
            *(f"    {count:,} × {reason}" for reason, count in result.refused.most_common()),
        ]
        if result.refused_in_all:
            lines.append(f"    kept in {refused}")
        if result.undated:
            lines.append(f"{result.undated:,} of those in have no usable date and count as of {stand_in}")
        self.stdout.write("\n".join(lines))


@contextlib.contextmanager
def fewer_collections() -> Iterator[None]:
    """Looks for reference cycles less often: rows make none, and each look goes through all that is loaded.

    That took a sixth of the time of an import.
    """
    before = gc.get_threshold()
    gc.set_threshold(COLLECT_AFTER, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextlib.contextmanager
def quick_handovers() -> Iterator[None]:
    """Lets the thread that sends rows go on at once when the database takes more.

    It has next to nothing to do in between; each time that it waits for 5 ms, as is usual, the database does.
    """
    before = sys.getswitchinterval()
    sys.setswitchinterval(HAND_OVER_AFTER)
    try:
        yield
    finally:
        sys.setswitchinterval(before)


def _above_zero(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be above zero")
    return value
