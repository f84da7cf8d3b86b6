"""The process that owns the embedded servers of a data folder: `-m recovery.services.keeper DIR FD`."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import selectors
import shutil
import signal
import socket
import sys
import time
from pathlib import Path
from typing import IO

from recovery.services.layout import Layout
from recovery.services.servers import Postgres, Server, ServerProblem, Valkey

logger = logging.getLogger("amends.services")

# A script of several commands should not stop and start the servers between any two of them.
LINGER_SECONDS = 1.5
# Nobody who starts a keeper takes this long to connect to it.
FIRST_USER_SECONDS = 30.0
CHECK_SECONDS = 0.25
# Deaths in a row, each within a minute of the last, before the keeper gives up on a server.
MAX_DEATHS = 10


class Keeper:
    """Runs the servers for as long as somebody is connected to its socket."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.servers: list[Server] = [Postgres(layout), Valkey(layout)]
        self.selector = selectors.DefaultSelector()
        self.users: set[socket.socket] = set()
        self.leavers: list[socket.socket] = []
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.idle_since = time.monotonic() + FIRST_USER_SECONDS
        self.stopping = False
        self.deaths: dict[Server, list[float]] = {server: [] for server in self.servers}

    def run(self, announce: IO[str]) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        self._listen()
        announce.write("listening\n")
        announce.close()
        try:
            self._start_servers()
            while not self._is_over():
                self._serve()
                self._revive()
        except ServerProblem as problem:
            logger.exception("Gave up")
            self._tell_waiting({"problem": str(problem)})
        finally:
            self._stop_servers()

    def _on_signal(self, number: int, frame: object) -> None:
        self.stopping = True

    def _listen(self) -> None:
        self.layout.keeper_socket.unlink(missing_ok=True)
        self.listener.bind(str(self.layout.keeper_socket))
        self.layout.keeper_socket.chmod(0o600)
        self.listener.listen(128)
        self.listener.setblocking(False)
        self.selector.register(self.listener, selectors.EVENT_READ)

    def _start_servers(self) -> None:
        for server in self.servers:
            server.start()
        for server in self.servers:
            server.await_ready()

    def _is_over(self) -> bool:
        if self.stopping:
            return True
        if self.users:
            return False
        if self.leavers:
            return True
        return time.monotonic() - self.idle_since > LINGER_SECONDS

    def _serve(self) -> None:
        for key, _ in self.selector.select(CHECK_SECONDS):
            if key.fileobj is self.listener:
                self._welcome()
            elif isinstance(key.fileobj, socket.socket):
                self._hear(key.fileobj)

    def _welcome(self) -> None:
        with contextlib.suppress(BlockingIOError):
            user, _ = self.listener.accept()
            self.users.add(user)
            self.selector.register(user, selectors.EVENT_READ)
            self._send(user, {"ready": True})

    def _hear(self, user: socket.socket) -> None:
        """A user says nothing but `leave`; the end of its connection means that it ended."""
        try:
            said = user.recv(64)
        except OSError:
            said = b""
        self.selector.unregister(user)
        self.users.discard(user)
        self.idle_since = time.monotonic()
        if said.startswith(b"leave") and not self.users:
            self.leavers.append(user)
        else:
            user.close()

    def _revive(self) -> None:
        for server in self.servers:
            if server.is_running():
                continue
            now = time.monotonic()
            recent = [moment for moment in self.deaths[server] if now - moment < 60] + [now]
            self.deaths[server] = recent
            if len(recent) > MAX_DEATHS:
                raise ServerProblem(f"embedded {server.name} keeps ending; {self.layout.log} says why.")
            logger.warning("%s ended; starting it again", server.name)
            time.sleep(min(0.1 * (len(recent) - 1), 1.0))
            server.start()
            server.await_ready()

    def _tell_waiting(self, message: dict[str, object]) -> None:
        """Answers those who connected while the servers failed to start."""
        with contextlib.suppress(BlockingIOError):
            while True:
                user, _ = self.listener.accept()
                self._send(user, message)
                user.close()

    @staticmethod
    def _send(user: socket.socket, message: dict[str, object]) -> None:
        with contextlib.suppress(OSError):
            user.sendall(json.dumps(message).encode() + b"\n")

    def _stop_servers(self) -> None:
        # From here on a newcomer finds no socket and starts the next keeper, which waits for
        # this one's lock.
        self.layout.keeper_socket.unlink(missing_ok=True)
        self.listener.close()
        for server in reversed(self.servers):
            server.ask_to_stop()
        for server in reversed(self.servers):
            server.await_stop()
        for user in (*self.leavers, *self.users):
            user.close()


def main(data_dir: Path, announce: IO[str]) -> int:
    logging.basicConfig(level=logging.INFO, format="%(asctime)s keeper %(levelname)s: %(message)s")
    layout = Layout(data_dir)
    try:
        lock = layout.keeper_lock.open("a")
        fcntl.flock(lock, fcntl.LOCK_EX)
        prepare_sockets_dir(layout.sockets_dir)
        Keeper(layout).run(announce)
    except ServerProblem as problem:
        _say(announce, f"problem: {problem}")
        return 1
    except OSError as error:
        logger.exception("Can't run")
        _say(announce, f"problem: the data folder {data_dir} can't be used ({error.strerror}).")
        return 1
    finally:
        remove_sockets_dir(layout)
    return 0


def remove_sockets_dir(layout: Layout) -> None:
    """Leaves nothing outside the data folder. The next keeper waits until this one has ended."""
    if layout.data_dir not in layout.sockets_dir.parents:
        shutil.rmtree(layout.sockets_dir, ignore_errors=True)


def prepare_sockets_dir(folder: Path) -> None:
    """Makes the folder of the sockets, or makes sure that the one found is ours: it may lie in
    a place where anyone can make one first.
    """
    folder.mkdir(mode=0o711, parents=True, exist_ok=True)
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != os.getuid():
        raise ServerProblem(f"the folder {folder} belongs to another user.")
    folder.chmod(0o711)


def _say(announce: IO[str], line: str) -> None:
    with contextlib.suppress(OSError, ValueError):
        announce.write(line + "\n")
        announce.close()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), os.fdopen(int(sys.argv[2]), "w")))
