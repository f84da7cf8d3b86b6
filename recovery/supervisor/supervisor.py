"""Starts the parts, shows what they say, starts again what ends, and ends them all together."""

from __future__ import annotations

import selectors
import signal
import time
from collections.abc import Callable
from types import FrameType

from recovery.supervisor.parts import STOP_SECONDS
from recovery.supervisor.process import Part

TICK_SECONDS = 0.2
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class PartsProblem(Exception):
    """One sentence for the operator on why the parts can't be kept running."""


class Supervisor:
    """Keeps the named parts running until it is told to stop.

    `say` prints a line; `tick` is called several times a second and may raise.
    """

    def __init__(self, names: list[str], say: Callable[[str], None], tick: Callable[[], None]) -> None:
        self.parts = [Part(name) for name in names]
        self.width = max(len(name) for name in names)
        self.say = say
        self.tick = tick
        self.selector = selectors.DefaultSelector()
        self.stop_asked = 0

    def stop(self, number: int = signal.SIGTERM, frame: FrameType | None = None) -> None:
        """Asks for the end; asking twice ends at once. Also the handler of the stop signals."""
        self.stop_asked += 1

    def run(self) -> None:
        """Returns when it was told to stop and no process is left; raises `PartsProblem`."""
        before = {number: signal.signal(number, self.stop) for number in STOP_SIGNALS}
        try:
            while not self.stop_asked:
                self._start_due()
                self._show(TICK_SECONDS)
                self._notice_ends()
                self.tick()
        finally:
            self._stop_all()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _start_due(self) -> None:
        for part in self.parts:
            if part.process is None and time.monotonic() >= part.start_after:
                self.selector.register(part.start(), selectors.EVENT_READ, part)

    def _show(self, seconds: float) -> None:
        for key, _ in self.selector.select(seconds):
            lines = key.data.read_lines()
            if lines is None:
                self.selector.unregister(key.fileobj)
                continue
            for line in lines:
                self.say(f"{key.data.name:>{self.width}} │ {line}")

    def _notice_ends(self) -> None:
        for part in self.parts:
            if part.process is None or part.is_running():
                continue
            self._show(0)
            how = part.describe_end()
            self._forget_output(part)
            part.clear_away()
            if part.is_hopeless:
                last = " / ".join(list(part.last_lines)[-3:]) or "it said nothing"
                raise PartsProblem(
                    f"{part.name} ends again and again as it starts ({how}); it said last: {last}"
                )
            self.say(f"{part.name:>{self.width}} │ {how}; starting it again")

    def _forget_output(self, part: Part) -> None:
        for key in list(self.selector.get_map().values()):
            if key.data is part:
                self.selector.unregister(key.fileobj)

    def _stop_all(self) -> None:
        for part in self.parts:
            part.ask_to_stop()
        deadline = time.monotonic() + STOP_SECONDS + 2
        while time.monotonic() < deadline and self.stop_asked < 2:
            if not any(part.is_running() for part in self.parts):
                break
            self._show(0.05)
        for part in self.parts:
            # Also after a good end: nothing that a part started may be left.
            part.kill()
        self.selector.close()
