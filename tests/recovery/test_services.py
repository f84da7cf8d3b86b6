"""Embedded PostgreSQL and Valkey serve whoever needs them, together, and end with their last user."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from recovery.services.layout import SOCKET_PATH_LIMIT, Layout
from tests.support.processes import Installation, wait_until

ASK_POSTGRES = (
    "from django.db import connection as c; k = c.cursor(); k.execute('select 42'); print(k.fetchone())"
)
ASK_VALKEY = "from django.core.cache import cache; cache.set('a', 'kept'); print(cache.get('a'))"
STAY = (
    "import time; from django.db import connection as c;"
    "c.ensure_connection(); print('in', flush=True); time.sleep(99)"
)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    installation = Installation(tmp_path / "var")
    yield installation
    installation.end()


@pytest.mark.process
def test_commands_started_at_once_share_one_pair_of_servers(installation: Installation) -> None:
    commands = [installation.start("shell", "--no-imports", "-c", ASK_POSTGRES) for _ in range(3)]

    outputs = [command.communicate(timeout=120)[0] for command in commands]

    assert ["(42,)" in output for output in outputs] == [True] * 3, outputs
    wait_until(lambda: not installation.processes(), "all processes have ended", 15)


@pytest.mark.process
def test_the_cache_alone_starts_them_too(installation: Installation) -> None:
    code, output = installation.run("shell", "--no-imports", "-c", ASK_VALKEY)

    assert (code, output.strip()) == (0, "kept")


@pytest.mark.process
def test_the_database_shell_starts_them_and_brings_its_own_psql(installation: Installation) -> None:
    code, output = installation.run("dbshell", "--", "--tuples-only", "--command", "SELECT 6 * 7")

    assert (code, output.strip()) == (0, "42")


@pytest.mark.process
def test_commands_without_data_start_nothing(installation: Installation) -> None:
    code, _ = installation.run("check")

    assert code == 0
    assert not (installation.data_dir / "postgres").exists()


@pytest.mark.process
def test_a_killed_user_keeps_nothing_alive(installation: Installation) -> None:
    user = installation.start("shell", "--no-imports", "-c", STAY)
    assert user.stdout is not None
    assert user.stdout.readline() == "in\n"

    user.send_signal(signal.SIGKILL)
    user.communicate()

    wait_until(lambda: not installation.processes(), "all processes have ended", 15)


@pytest.mark.process
def test_killed_servers_come_back_and_a_killed_keeper_leaves_none(installation: Installation) -> None:
    user = installation.start("shell", "--no-imports", "-c", STAY)
    assert user.stdout is not None
    assert user.stdout.readline() == "in\n"

    for server in ("valkey-server", "postgres -D"):
        (killed,) = installation.processes(server)
        killed.kill()
        _await_successor(installation, server, killed)
    assert "(42,)" in installation.run("shell", "--no-imports", "-c", ASK_POSTGRES)[1]

    installation.processes("services.keeper")[0].kill()
    wait_until(lambda: not installation.processes("valkey-server"), "Valkey has ended")
    assert "(42,)" in installation.run("shell", "--no-imports", "-c", ASK_POSTGRES)[1]

    user.kill()
    user.communicate()
    wait_until(lambda: not installation.processes(), "all processes have ended", 15)


def test_a_deep_folder_keeps_its_sockets_where_their_paths_are_short_enough() -> None:
    deep = Layout(Path("/srv") / ("deep" * 30))
    flat = Layout(Path("/srv/amends"))

    assert flat.sockets_dir == Path("/srv/amends/run")
    assert len(str(deep.postgres_socket_dir / ".s.PGSQL.5432")) <= SOCKET_PATH_LIMIT
    assert deep.sockets_dir != Layout(Path("/srv") / ("deep" * 31)).sockets_dir


def _await_successor(installation: Installation, server: str, killed: psutil.Process) -> None:
    wait_until(lambda: [p for p in installation.processes(server) if p != killed], f"{server} is back")
