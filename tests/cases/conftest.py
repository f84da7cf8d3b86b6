"""Fixtures of the tests of cases."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.cases.import_files import Write
from tests.factories import Desk, make_desk


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_rows(header: tuple[str, ...], *rows: tuple[str, ...], name: str = "rows.csv") -> Path:
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([header, *rows])
        return path

    return write_rows
