"""What every measurement begins with: which data it is on, the settings, and where it says what it finds."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from bench import USUAL_OFFERS

ROOT = Path(__file__).resolve().parent.parent


def add_data(parser: argparse.ArgumentParser) -> None:
    """Which data is measured on: the same arguments for every measurement."""
    parser.add_argument("--size", type=int, default=100_000, help="how many cases (default: %(default)s)")
    parser.add_argument(
        "--offers",
        type=float,
        default=USUAL_OFFERS,
        metavar="SHARE",
        help="the share of answered cases that get an offer (default: %(default)s)",
    )
    parser.add_argument("--data", type=Path, help="the data folder (default: var/bench/SIZE)")


def enter(size: int, data: Path | None) -> Path:
    """Make this process, and those that it starts, one of the bench on its own data; returns the folder."""
    folder = (data or ROOT / "var" / "bench" / str(size)).absolute()
    for name in ("DATABASE_URL", "REDIS_URL", "AMENDS_DEMO", "EMAIL_URL", "DEBUG", "ALLOWED_HOSTS"):
        os.environ.pop(name, None)
    os.environ |= {"AMENDS_DATA_DIR": str(folder), "DATABASE_STATEMENT_TIMEOUT": "0", "LOG_LEVEL": "WARNING"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "bench.settings"

    import django

    django.setup()
    return folder


def tell(text: str) -> None:
    """Progress goes to the error stream, so that the output is lines of JSON and nothing else."""
    print(f"· {text}", file=sys.stderr, flush=True)


def say(line: dict[str, Any]) -> None:
    """A measurement, for people and programs."""
    print(json.dumps(line), flush=True)
