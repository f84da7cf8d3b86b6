"""Compares web servers on the product's own pages: `python -m bench.servers --size N`.

Measures those that are installed; only the one that was chosen is among the requirements. Each serves the
same data with the bench's settings; worker and beat do not run.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench.entering import ROOT, enter, tell

APPLICATION = "recovery.wsgi:application"


def _say(server: str, line: dict[str, object]) -> None:
    print(json.dumps({"server": server} | line), flush=True)


def _granian(workers: int, threads: int) -> tuple[str, list[str]]:
    return "granian", [
        *("granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", "{port}", "--no-ws"),
        *("--workers", str(workers), "--blocking-threads", str(threads)),
        *("--blocking-threads-idle-timeout", "600", "--log-level", "warning", APPLICATION),
    ]


def _gunicorn(workers: int, threads: int) -> tuple[str, list[str]]:
    return "gunicorn", [
        *("gunicorn", "--worker-class", "gthread", "--workers", str(workers), "--threads", str(threads)),
        *("--keep-alive", "60", "--bind", "127.0.0.1:{port}", "--log-level", "warning", APPLICATION),
    ]


CANDIDATES: dict[str, tuple[str, list[str]]] = {
    "granian, 2 workers of 1 thread": _granian(2, 1),
    "granian, 2 workers of 2 threads": _granian(2, 2),
    "granian, 2 workers of 4 threads": _granian(2, 4),
    "granian, 4 workers of 1 thread": _granian(4, 1),
    "gunicorn gthread, 2 workers of 4 threads": _gunicorn(2, 4),
    "waitress, 1 process of 8 threads": (
        "waitress",
        ["waitress", "--listen", "127.0.0.1:{port}", "--threads", "8", APPLICATION],
    ),
    "cheroot, 1 process of 8 threads": (
        "cheroot",
        ["cheroot", "--bind", "127.0.0.1:{port}", "--threads", "8", APPLICATION],
    ),
}


@contextmanager
def serving(command: list[str], port: int, log: Path) -> Iterator[None]:
    """A server, until it is not needed any more; it ends with all its workers."""
    from recovery.supervisor.probe import what_is_missing

    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *[part.format(port=port) for part in command]],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + 60
        while "web server" in what_is_missing(f"http://127.0.0.1:{port}", "127.0.0.1"):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{command[0]} did not start: {log.read_text()[-400:]}")
            time.sleep(0.3)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)


def main(arguments: list[str]) -> int:
    """Print a line for each server, page and number of clients."""
    parser = argparse.ArgumentParser(prog="python -m bench.servers", description="Compares web servers.")
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--data", type=Path)
    chosen = parser.parse_args(arguments)
    folder = enter(chosen.size, chosen.data)

    from bench.measuring import measure
    from bench.preparing import prepare
    from bench.product import free_port

    prepare(folder, chosen.size, fresh=False, tell=tell)
    for name, (module, command) in CANDIDATES.items():
        if importlib.util.find_spec(module) is None:
            tell(f"{name}: not installed")
            continue
        port = free_port()
        with serving(command, port, folder / "server.log"):
            asked = argparse.Namespace(
                size=chosen.size, url=f"http://127.0.0.1:{port}", only=["queue"], quick=False
            )
            measure(asked, say=partial(_say, name), tell=tell)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
