"""A second process for pure work on plain values, so that two cores share what one would do in turn."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

Question = TypeVar("Question")
Answer = TypeVar("Answer")


def can_fork() -> bool:
    """Whether a process beside this one gains anything: Linux, and more cores than one."""
    # Elsewhere the system's own libraries do not bear a fork.
    return sys.platform == "linux" and len(os.sched_getaffinity(0)) > 1


class Beside(Generic[Question, Answer]):
    """Answers questions by a function: in a process of its own, or with `forks=False` in this one.

    `prepare` is what the other process does before the first question comes.
    One question at a time is asked, and its answer taken before the next; in between, both processes work.
    The function reads its question and what was in memory when this was made: no database, no file, no
    thread. The other process ends with this one, however that ends. If it is lost, this one does its work.
    """

    def __init__(
        self,
        function: Callable[[Question], Answer],
        *,
        forks: bool,
        prepare: Callable[[], object] | None = None,
    ) -> None:
        self._function = function
        self._question: Question | None = None
        self._pipe: Connection[Any, Any] | None = None
        if forks:
            self._pipe, theirs = multiprocessing.Pipe()
            self._process = multiprocessing.get_context("fork").Process(
                target=_serve, args=(theirs, self._pipe, function, prepare), daemon=True
            )
            self._process.start()
            theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pipe is not None:
            self._lose()

    def ask(self, question: Question) -> None:
        """Hand a question over; it is worked on until `answer`."""
        self._question = question
        if self._pipe is not None:
            try:
                self._pipe.send(question)
            except OSError:
                self._lose()

    def answer(self) -> Answer:
        """The answer to what was asked last. Raises what the function raises."""
        question, self._question = self._question, None
        assert question is not None, "Nothing has been asked."
        if self._pipe is not None:
            try:
                return self._pipe.recv()
            except (OSError, EOFError):
                self._lose()
        return self._function(question)

    def _lose(self) -> None:
        assert self._pipe is not None
        self._pipe.close()
        self._pipe = None
        # It may still be at work on an answer that nobody waits for.
        self._process.terminate()
        self._process.join()


def _serve(
    pipe: Connection[Any, Any],
    theirs: Connection[Any, Any],
    function: Callable[[Any], Any],
    prepare: Callable[[], object] | None,
) -> None:
    """Answer until the other end is closed, which also is what the end of that process does."""
    theirs.close()
    # Ctrl-C goes to both; the other process decides what becomes of it.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    gc.disable()
    if prepare is not None:
        prepare()
    # What the other process left to be collected, such as a connection, is not this one's to close; and what
    # was prepared stays, so that looking through it for what has gone is in vain.
    gc.freeze()
    gc.enable()
    while True:
        try:
            question = pipe.recv()
        except (EOFError, OSError):
            return
        answer = function(question)
        try:
            pipe.send(answer)
        except OSError:
            return
