"""The product as `make run` starts it: web server, worker, beat and embedded servers, on its own data."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from tests.support.processes import Installation, wait_until


@dataclass(frozen=True)
class RunningProduct:
    """A product that is ready, and where."""

    installation: Installation
    process: Popen[str]
    log: Path

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.installation.port}"

    def manage(self, *arguments: str) -> str:
        """Run `manage.py` beside it; returns what it prints. Fails the test when the command does."""
        code, output = self.installation.run(*arguments)
        assert code == 0, output
        return output


@contextlib.contextmanager
def running_product(data_dir: Path, *, demo_cases: int, **environment: str) -> Iterator[RunningProduct]:
    """Start it with that many demo cases, wait until it is ready, and stop it in the end."""
    installation = Installation(data_dir, AMENDS_DEMO="1", FEEDBACK_DELAY_HOURS="0", **environment)
    log = data_dir.parent / "product.log"
    try:
        for command in (("migrate", "-v0"), ("load_demo", "--cases", str(demo_cases))):
            code, output = installation.run(*command)
            assert code == 0, output
        process = installation.start("run_product", log=log)
        wait_until(lambda: "is ready at" in log.read_text() or process.poll() is not None, "ready", 120)
        assert process.poll() is None, log.read_text()
        yield RunningProduct(installation, process, log)
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    finally:
        installation.end()
