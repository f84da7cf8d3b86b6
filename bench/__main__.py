"""`python -m bench --size N`: loads, starts the product, and prints a line of JSON a measurement."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from bench.entering import add_data, enter, say, tell


def read_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="Measures Amends on many generated cases."
    )
    add_data(parser)
    parser.add_argument("--fresh", action="store_true", help="load anew, even if that size is loaded already")
    parser.add_argument("--load-only", action="store_true", help="load, and measure nothing")
    parser.add_argument(
        "--only", action="append", default=[], metavar="SCENARIO", help="measure this one; may repeat"
    )
    parser.add_argument("--quick", action="store_true", help="a glance instead of a measurement")
    parser.add_argument("--url", help="measure the server that runs there already, on the same data")
    chosen = parser.parse_args(arguments)
    if chosen.size < 50:
        parser.error("--size must be 50 at least")
    return chosen


def main(arguments: list[str]) -> int:
    """Measure; 1 when a budget is missed."""
    chosen = read_arguments(arguments)
    folder = enter(chosen.size, chosen.data)

    from bench.measuring import measure
    from bench.preparing import copied, prepare

    prepare(folder, chosen.size, offers=chosen.offers, fresh=chosen.fresh, tell=tell)
    if chosen.load_only:
        return 0
    with nullcontext() if chosen.url else copied():
        kept = measure(chosen, say=say, tell=tell)
        if not (chosen.only or chosen.quick or chosen.url):
            for line in together(chosen.size, folder):
                say(line)
                kept = kept and line["ok"]
    say({"scenario": "summary", "size": chosen.size, "cpus": os.cpu_count(), "ok": kept})
    return 0 if kept else 1


def together(size: int, folder: Path) -> Iterator[dict[str, Any]]:
    """What many do at the same moment, or one does for many: these write, so they come last."""
    from bench import approving, remedying

    yield approving.measure(size, approving.PROCESSES)
    yield remedying.measure(size, folder, min(remedying.PEOPLE, size // 2))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
