"""`run_product` comes up, stays up whatever is killed, shares its servers, and leaves nothing behind."""

from __future__ import annotations

import http.client
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.support.processes import Installation, wait_until

COUNT_MIGRATIONS = (
    "from django.db import connection as c; k = c.cursor();"
    "k.execute('select count(*) from django_migrations'); print('applied', k.fetchone()[0])"
)


class Product:
    """A `run_product` and what it prints."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.log = installation.data_dir.parent / "log"
        self.process = installation.start("run_product", log=self.log)

    def await_ready(self) -> None:
        wait_until(lambda: "is ready at" in self.said() or self.process.poll() is not None, "ready", 120)
        assert self.process.poll() is None, self.said()

    def said(self) -> str:
        return self.log.read_text()

    def parts(self) -> list[psutil.Process]:
        """Web server, worker and beat, in the order of their start."""
        mine = self.installation.processes("run_product")
        return sorted((p for p in mine if p.ppid() == self.process.pid), key=lambda p: p.create_time())

    def answers(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.installation.port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


@pytest.fixture
def product(tmp_path: Path) -> Iterator[Product]:
    installation = Installation(tmp_path / "var")
    product = Product(installation)
    yield product
    installation.end()
    product.process.wait()


@pytest.mark.process
def test_it_stays_up_whatever_is_killed_and_leaves_nothing(product: Product) -> None:
    product.await_ready()
    assert f"Amends is ready at http://127.0.0.1:{product.installation.port}" in product.said()

    _assert_a_second_one_is_refused_in_one_sentence(product.installation)
    code, output = product.installation.run("shell", "--no-imports", "-c", COUNT_MIGRATIONS)
    assert (code, output.split()[0]) == (0, "applied"), output
    assert len(product.installation.processes("services.keeper")) == 1

    for name in ("web", "worker", "beat"):
        _kill_the_oldest_part(product, name)
    assert product.said().count("was ended by SIGKILL; starting it again") == 3
    product.installation.processes("valkey-server")[0].kill()
    wait_until(product.answers, "ready again after all were killed")

    product.process.send_signal(signal.SIGTERM)
    assert product.process.wait(30) == 0
    assert product.installation.processes() == []


@pytest.mark.process
def test_killing_the_supervisor_ends_all(product: Product) -> None:
    product.await_ready()

    product.process.kill()

    wait_until(lambda: not product.installation.processes(), "all processes have ended", 20)


@pytest.mark.process
def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "var")
    with socket.socket() as other:
        other.bind(("127.0.0.1", installation.port))
        other.listen()

        code, output = installation.run("run_product")

    assert code == 1
    assert len(output.splitlines()) == 1
    assert f"port {installation.port} is in use" in output


def _assert_a_second_one_is_refused_in_one_sentence(installation: Installation) -> None:
    second: subprocess.Popen[str] = installation.start("run_product")
    output, _ = second.communicate(timeout=60)
    assert second.returncode == 1
    assert len(output.splitlines()) == 1
    assert f"is in use by the Amends at http://127.0.0.1:{installation.port}" in output


def _kill_the_oldest_part(product: Product, name: str) -> None:
    before = product.parts()
    before[0].kill()
    wait_until(lambda: len(product.parts()) == 3 and product.parts() != before, f"{name} is back")
