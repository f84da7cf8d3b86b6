"""Starts the product's own commands as processes, finds what they have started, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from recovery.environment import BASE_DIR
from recovery.services.layout import Layout


class Installation:
    """A data folder and the processes that use it; they are known by their environment."""

    def __init__(self, data_dir: Path, **environment: str) -> None:
        self.data_dir = data_dir
        self.sockets_dir = Layout(data_dir).sockets_dir
        self.port = free_port()
        self.environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "recovery.settings",
            "AMENDS_DATA_DIR": str(data_dir),
            "AMENDS_EMBEDDED_DURABLE": "0",
            "PORT": str(self.port),
            **environment,
        }
        self.environment.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)

    def start(self, *arguments: str, log: Path | None = None) -> subprocess.Popen[str]:
        """Starts `manage.py` with the arguments; its output goes to `log`, or waits to be read."""
        with contextlib.ExitStack() as stack:
            output = stack.enter_context(log.open("w")) if log else subprocess.PIPE
            return subprocess.Popen(
                [sys.executable, "manage.py", *arguments],
                cwd=BASE_DIR,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
            )

    def run(self, *arguments: str) -> tuple[int, str]:
        """Runs `manage.py` with the arguments to its end: exit code and output."""
        process = self.start(*arguments)
        output, _ = process.communicate(timeout=600)
        return process.returncode, output

    def processes(self, named: str = "") -> list[psutil.Process]:
        """All living processes of this installation, or those whose command line holds `named`."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                    continue
                command = " ".join(process.cmdline())
                # Valkey writes its title over its environment, but the title names its socket.
                if named in command and (self._started(process) or str(self.sockets_dir) in command):
                    found.append(process)
        return found

    def _started(self, process: psutil.Process) -> bool:
        return process.environ().get("AMENDS_DATA_DIR") == str(self.data_dir)

    def end(self) -> None:
        """Ends whatever a test has left: politely first, so that nothing stays on disk either."""
        left = self.processes()
        for ask in (psutil.Process.terminate, psutil.Process.kill):
            for process in left:
                with contextlib.suppress(psutil.Error):
                    ask(process)
            _, left = psutil.wait_procs(left, timeout=15)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_until(holds: Callable[[], object], what: str, seconds: float = 60.0) -> None:
    """Returns when `holds` answers something true; fails with `what` when it takes too long."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"after {seconds:g} seconds still not: {what}")
        time.sleep(0.1)
