"""A process beside this one: its answers, and its end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from common.beside import Beside
from recovery.environment import BASE_DIR

PATIENCE_SECONDS = 60


def with_process(number: int) -> tuple[int, int]:
    """Twice the number, and in which process that was found; refuses zero."""
    if not number:
        raise ValueError("zero")
    return 2 * number, os.getpid()


@pytest.mark.parametrize("forks", [False, True])
def test_it_answers_what_it_is_asked(forks: bool) -> None:
    with Beside(with_process, forks=forks) as beside:
        for number in (1, 2, 3):
            beside.ask(number)
            twice, process = beside.answer()
            assert twice == 2 * number
            assert (process != os.getpid()) is forks


def test_it_is_prepared_in_the_process_that_answers_and_only_there() -> None:
    prepared: list[int] = []

    def prepare() -> None:
        prepared.append(os.getpid())

    def who_was(_question: int) -> list[int]:
        return prepared

    with Beside(who_was, forks=True, prepare=prepare) as beside:
        beside.ask(1)
        [process] = beside.answer()
        assert process != os.getpid()
    assert prepared == []


def test_when_the_other_process_can_not_be_prepared_this_one_does_its_work() -> None:
    def prepare() -> None:
        raise RuntimeError("No such luck.")

    with Beside(with_process, forks=True, prepare=prepare) as beside:
        beside.ask(2)
        assert beside.answer() == (4, os.getpid())


def test_when_the_other_process_is_lost_this_one_does_its_work() -> None:
    with Beside(with_process, forks=True) as beside:
        beside.ask(1)
        _, process = beside.answer()
        os.kill(process, signal.SIGKILL)
        for number in (2, 3):
            beside.ask(number)
            assert beside.answer() == (2 * number, os.getpid())


@pytest.mark.parametrize("forks", [False, True])
def test_an_error_of_the_function_is_told_to_who_asked(forks: bool) -> None:
    with Beside(with_process, forks=forks) as beside:
        beside.ask(0)
        with pytest.raises(ValueError, match="zero"):
            beside.answer()


def test_no_process_is_left_when_it_is_over() -> None:
    with Beside(with_process, forks=True) as beside:
        beside.ask(1)
        _, process = beside.answer()
        beside.ask(2)
    assert not _lives(process)


# Tells its own processes, and waits to be killed; whoever began the tests may have had Ctrl-C ignored.
PARENT = """
import os, signal, time
from common.beside import Beside
signal.signal(signal.SIGINT, signal.default_int_handler)
with Beside(lambda _question: os.getpid(), forks=True) as beside:
    beside.ask(1)
    print(beside.answer(), flush=True)
    time.sleep(600)
"""


@pytest.mark.process
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_the_process_that_made_it(end: signal.Signals) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT],
        cwd=BASE_DIR,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert parent.stdout is not None
    beside = int(parent.stdout.readline())
    assert _lives(beside)
    parent.send_signal(end)
    parent.communicate(timeout=PATIENCE_SECONDS)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while _lives(beside) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _lives(beside)


def _lives(process: int) -> bool:
    """Whether it runs; one that has ended and waits to be collected does not."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"
