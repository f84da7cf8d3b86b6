"""`python -m bench` loads, starts the product, measures every scenario and says so in lines of JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recovery.environment import BASE_DIR
from tests.support.processes import Installation

SCENARIOS = {
    *("queue", "case", "save", "search_rare", "search_common", "search_zh", "dashboard", "approvals"),
    *("offer_form", "offer_forecast", "compensation", "fairness"),
}
MEASURED = {"scenario", "size", "concurrency", "rps", "p50_ms", "p95_ms", "queries", "ratio_to_floor"}
MOST_QUERIES = 20

pytestmark = pytest.mark.process


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    installation = Installation(tmp_path / "bench")
    yield installation.data_dir
    installation.end()


def run(folder: Path, *arguments: str) -> tuple[list[dict[str, Any]], str]:
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--size", "200", "--quick", "--data", str(folder), *arguments],
        cwd=BASE_DIR,
        env={**os.environ, "AMENDS_DATA_DIR": str(folder), "AMENDS_EMBEDDED_DURABLE": "0"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    # 1 says that a budget was missed, which so few rows and so little time say nothing about.
    assert done.returncode in (0, 1), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def test_every_scenario_is_measured_at_one_and_at_eight_clients(folder: Path) -> None:
    lines, said = run(folder)
    assert "Loading 200 cases" in said
    assert "audit chains hold" in said
    pages = [line for line in lines if line["scenario"] in SCENARIOS]
    assert {(line["scenario"], line["concurrency"]) for line in pages} == {
        (name, clients) for name in SCENARIOS for clients in (1, 8)
    }
    assert all(set(line) >= MEASURED | {"budget", "ok"} for line in pages)
    assert {line["scenario"]: line["queries"] for line in pages if line["queries"] > MOST_QUERIES} == {}
    by_name = {line["scenario"]: line for line in lines}
    assert by_name["floor"]["queries"] == 3
    assert by_name["sweep"]["budget"] == "<= 2 x"
    assert {"rss_mib", "pss_mib"} <= set(by_name["memory"])
    assert lines[-1]["scenario"] == "summary"

    again, said = run(folder, "--only", "queue")
    assert "Loading" not in said
    assert {line["scenario"] for line in again} == {"floor", "queue", "summary"}
