"""Ends a process soon after its parent has ended, even if that was killed and could tell nobody."""

from __future__ import annotations

import os
import signal
import threading
import time

CHECK_SECONDS = 0.5
# What a server may take to finish what it is doing.
GRACE_SECONDS = 10.0


def follow_parent() -> None:
    """From now on this process, and each that it forks, ends when its own parent does.

    Asking for the parent's number works on every system, and is not misled, as Linux's own
    signal is, by the end of the mere thread that forked.
    """
    os.register_at_fork(after_in_child=_watch)
    _watch()


def _watch() -> None:
    threading.Thread(target=_follow, args=(os.getppid(),), name="lifeline", daemon=True).start()


def _follow(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(CHECK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)
