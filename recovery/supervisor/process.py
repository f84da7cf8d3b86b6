"""One supervised part: its process, its last lines, and when it may be started again."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import time
from collections import deque
from multiprocessing.connection import Connection
from multiprocessing.context import ForkContext, ForkProcess, SpawnContext, SpawnProcess
from pathlib import Path

from recovery.supervisor.lifeline import follow_parent
from recovery.supervisor.parts import PARTS

# A part that ends sooner than this after its start has not worked at all.
INSTANT_SECONDS = 5.0
MAX_INSTANT_ENDS = 5
MAX_PAUSE_SECONDS = 5.0
REMEMBERED_LINES = 12


def _process_context() -> ForkContext | SpawnContext:
    """Forked parts share the memory of the product that the supervisor has loaded, and start in no
    time; macOS does not let a process fork safely, so there each part loads it again.
    """
    if sys.platform == "linux":
        return multiprocessing.get_context("fork")
    else:  # noqa: RET505  # what follows is unreachable on the other system, and mypy knows the form
        return multiprocessing.get_context("spawn")


class Part:
    """A part that should be running."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.process: ForkProcess | SpawnProcess | None = None
        self.output: Connection | None = None
        self.last_lines: deque[str] = deque(maxlen=REMEMBERED_LINES)
        self.instant_ends = 0
        self.started_at = 0.0
        self.start_after = 0.0
        self._rest = b""

    def start(self) -> Connection:
        """Starts the process and returns the reading end of its output."""
        context = _process_context()
        self.output, its_end = context.Pipe(duplex=False)
        self.process = context.Process(target=_be_part, args=(self.name, its_end), name=self.name)
        self.process.start()
        its_end.close()
        self.started_at = time.monotonic()
        os.set_blocking(self.output.fileno(), False)
        return self.output

    def read_lines(self) -> list[str] | None:
        """Returns the complete lines that have come, or nothing at all at the end of output."""
        if self.output is None:
            return None
        try:
            data = os.read(self.output.fileno(), 65536)
        except BlockingIOError:
            return []
        if not data:
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        texts = [line.decode(errors="replace").rstrip() for line in lines]
        texts = [text for text in texts if text]
        self.last_lines.extend(texts)
        return texts

    def is_running(self) -> bool:
        return self.process is not None and self.process.is_alive()

    def describe_end(self) -> str:
        """How the process ended, in words."""
        code = self.process.exitcode if self.process is not None else None
        if code is not None and code < 0:
            return f"was ended by {signal.Signals(-code).name}"
        return f"ended with exit code {code}"

    def clear_away(self) -> None:
        """Ends what is left of the process, and puts off the next start, longer each time."""
        now = time.monotonic()
        self.instant_ends = self.instant_ends + 1 if now - self.started_at < INSTANT_SECONDS else 0
        pause = min(0.25 * 2**self.instant_ends, MAX_PAUSE_SECONDS) if self.instant_ends else 0.0
        self.start_after = now + pause
        self.kill()
        if self.output is not None:
            self.output.close()
        self.process = self.output = None
        self._rest = b""

    @property
    def is_hopeless(self) -> bool:
        return self.instant_ends >= MAX_INSTANT_ENDS

    def ask_to_stop(self) -> None:
        if self.process is not None:
            self.process.terminate()

    def kill(self) -> None:
        """Ends the process, and all that it has started, at once: an orphan of a web server would
        still hold the port.
        """
        if self.process is None or self.process.pid is None:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        # It may have been killed before it led a session.
        self.process.kill()
        self.process.join()


def _show_name(name: str) -> None:
    """Tells `ps` and `top` which part a process is, at most 15 characters; only Linux has a place for it."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(name, encoding="ascii")


def _be_part(name: str, output: Connection) -> None:
    """What the new process does.

    It leads a session of its own: Ctrl-C reaches the supervisor alone, which ends the parts in
    order, and everything a part has started can be ended with it.
    """
    os.setsid()
    _show_name(f"amends-{name}")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    sys.stdout.flush()
    for descriptor in (1, 2):
        os.dup2(output.fileno(), descriptor)
    output.close()
    for stream in (sys.stdout, sys.stderr):
        # A pipe is not a terminal, and lines should be seen when they are written.
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # both are text files here
    follow_parent()
    PARTS[name]()
