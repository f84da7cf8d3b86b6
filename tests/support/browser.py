"""Finds Chromium and starts it the way that works in containers and on closed networks."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

ARGUMENTS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def chromium_path() -> Path | None:
    """The browser named in AMENDS_CHROMIUM, or the system's, or none."""
    for candidate in (os.environ.get("AMENDS_CHROMIUM"), "chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(candidate) if candidate else None
        if found:
            return Path(found)
    return None


def browser_tests_are_required() -> bool:
    return os.environ.get("AMENDS_BROWSER_TESTS") == "required"
