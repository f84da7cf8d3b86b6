"""Joins the keeper of a data folder, starting it if there is none, and stays joined."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from recovery.services.layout import Layout

START_TIMEOUT = 90.0
PROJECT_DIR = Path(__file__).resolve().parent.parent.parent


class ServicesProblem(Exception):
    """One sentence for the operator on why the embedded services can't be used."""


_joined: dict[Path, socket.socket] = {}
# Keepers that this process has started, to be waited for when it sees them end.
_started: dict[Path, subprocess.Popen[bytes]] = {}
_mutex = threading.Lock()


def ensure_services(layout: Layout) -> None:
    """Returns when embedded PostgreSQL and Valkey of `layout` answer, starting them if need be.

    This process counts as a user of them until it ends. Costs a few microseconds when they are
    known to run. Raises `ServicesProblem`.
    """
    with _mutex:
        held = _joined.get(layout.data_dir)
        if held is not None:
            if _is_open(held):
                return
            held.close()
            del _joined[layout.data_dir]
        _joined[layout.data_dir] = _join(layout)


def is_joined(layout: Layout) -> bool:
    """Whether this process uses the embedded services of `layout` now."""
    return layout.data_dir in _joined


def leave_services(layout: Layout, timeout: float = 30.0) -> None:
    """Stops being a user; if this was the last one, returns when both servers have ended."""
    with _mutex:
        held = _joined.pop(layout.data_dir, None)
    if held is None:
        return
    with contextlib.suppress(OSError), held:
        held.settimeout(timeout)
        held.sendall(b"leave\n")
        # The keeper hangs up when there is nothing left to wait for.
        while held.recv(1024):
            pass
    # It hangs up just before it ends, but stays where it serves others still.
    if keeper := _started.pop(layout.data_dir, None):
        with contextlib.suppress(subprocess.TimeoutExpired):
            keeper.wait(timeout=1)


def _is_open(held: socket.socket) -> bool:
    try:
        return held.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def _join(layout: Layout) -> socket.socket:
    try:
        layout.data_dir.mkdir(parents=True, exist_ok=True)
        lock = layout.start_lock.open("a")
    except OSError as error:
        raise ServicesProblem(f"{layout.data_dir} can't hold the data ({error.strerror}).") from error
    with lock, _locked(lock):
        deadline = time.monotonic() + START_TIMEOUT
        connection = _connect(layout)
        if connection is None:
            _start_keeper(layout)
            connection = _connect(layout)
        if connection is None:
            raise ServicesProblem(f"the embedded services did not start; {layout.log} says why.")
        return _await_ready(connection, layout, deadline)


@contextlib.contextmanager
def _locked(file: IO[str]) -> Iterator[None]:
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _connect(layout: Layout) -> socket.socket | None:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(str(layout.keeper_socket))
    except (FileNotFoundError, ConnectionRefusedError):
        connection.close()
        return None
    except OSError as error:
        connection.close()
        raise ServicesProblem(
            f"the data folder {layout.data_dir} belongs to another user ({error.strerror})."
        ) from error
    return connection


def _start_keeper(layout: Layout) -> None:
    """Starts a keeper in a session of its own, so that Ctrl-C here is not Ctrl-C there."""
    reader, writer = os.pipe()
    try:
        with layout.log.open("ab") as log:
            _started[layout.data_dir] = subprocess.Popen(  # noqa: S603  # our own module, our own arguments
                [sys.executable, "-m", "recovery.services.keeper", str(layout.data_dir), str(writer)],
                cwd=PROJECT_DIR,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(writer,),
                start_new_session=True,
            )
    except OSError as error:
        os.close(reader)
        raise ServicesProblem(f"the embedded services can't be started ({error.strerror}).") from error
    finally:
        os.close(writer)
    with os.fdopen(reader) as pipe:
        # One line once it listens, or the end of the pipe when it has died.
        answer = pipe.readline().strip()
    if answer.startswith("problem: "):
        raise ServicesProblem(answer.removeprefix("problem: "))


def _await_ready(connection: socket.socket, layout: Layout, deadline: float) -> socket.socket:
    connection.settimeout(max(deadline - time.monotonic(), 1))
    try:
        with connection.makefile("r", encoding="utf-8") as lines:
            answer = lines.readline()
        connection.settimeout(None)
    except TimeoutError:
        answer = json.dumps({"problem": f"the embedded services took too long; {layout.log} may say why."})
    except OSError:
        answer = ""
    said = json.loads(answer) if answer else {"problem": f"embedded services ended; {layout.log} says why."}
    if "problem" in said:
        connection.close()
        raise ServicesProblem(said["problem"])
    return connection


def _forget_in_child() -> None:
    # A forked child shares its parent's connection, which would keep the services up for as
    # long as either lives, but only a connection of its own tells it when they have gone.
    global _mutex  # noqa: PLW0603  # the parent may have held it when it forked
    _mutex = threading.Lock()
    for held in _joined.values():
        held.close()
    _joined.clear()


os.register_at_fork(after_in_child=_forget_in_child)
atexit.register(_joined.clear)
