"""What must hold before the parts start: a free port, a folder of one's own, data, static files."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command, get_commands
from django.db import connection

MIN_FREE_BYTES = 256 * 1024 * 1024


class PreparationProblem(Exception):
    """One sentence for the operator on what stands in the way of a start."""


@contextlib.contextmanager
def folder_of_ones_own(data_dir: Path, address: str) -> Iterator[None]:
    """Holds the data folder; raises `PreparationProblem` if a running Amends does."""
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "running.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            lock.seek(0)
            where = lock.read().strip()
            raise PreparationProblem(
                f"the data folder {data_dir} is in use by the Amends at {where or 'another address'}; "
                "stop that one, or set AMENDS_DATA_DIR to another folder."
            ) from error
        lock.truncate(0)
        lock.write(address)
        lock.flush()
        yield


def require_free_port(address: str, port: int) -> None:
    """Raises `PreparationProblem` if something listens there, or may not be listened at."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        # Connections of a server that has just ended may linger; they don't hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise PreparationProblem(
                    f"port {port} is in use by another program; PORT={port + 1} make run takes another."
                ) from error
            raise PreparationProblem(
                f"nothing can listen at {address}, port {port} ({error.strerror})."
            ) from error


def require_space(data_dir: Path) -> None:
    """Raises `PreparationProblem` where data would soon not fit."""
    free = shutil.disk_usage(data_dir).free
    if free < MIN_FREE_BYTES:
        raise PreparationProblem(
            f"the disk of {data_dir} is full: "
            f"{free // 2**20} MiB are free, {MIN_FREE_BYTES // 2**20} are needed."
        )


@contextlib.contextmanager
def patient_database() -> Iterator[None]:
    """Connects without the limit on statements that pages and tasks have."""
    options = connection.settings_dict["OPTIONS"]
    usual = options["options"]
    connection.close()
    options["options"] = f"{usual} -c statement_timeout=0"
    try:
        yield
    finally:
        connection.close()
        options["options"] = usual


def needs_demo_data() -> bool:
    """Whether this is a demo whose database is still empty."""
    return settings.DEMO and "load_demo" in get_commands() and not get_user_model()._default_manager.exists()


def static_files_digest() -> str:
    """Names the state of all static sources by path, size and time of change."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            found = Path(storage.path(name)).stat()
            digest.update(f"{name}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def collect_static_files() -> None:
    """Collects what changed, and notes what was collected, so that the next start need not.

    Hashed names of before stay: a product that runs from the same clone still serves them.
    """
    digest = static_files_digest()
    with _alone_in(Path(settings.STATIC_ROOT)):
        _stamp().unlink(missing_ok=True)
        call_command("collectstatic", interactive=False, verbosity=0)
        _stamp().write_text(digest, encoding="ascii")


def static_files_are_collected() -> bool:
    try:
        return _stamp().read_text(encoding="ascii") == static_files_digest()
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _stamp() -> Path:
    return Path(settings.STATIC_ROOT) / ".collected"
