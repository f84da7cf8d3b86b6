"""Where embedded services keep their data and their sockets; touches nothing on disk until asked."""

from __future__ import annotations

import hashlib
import os
import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

DATABASE_NAME = "amends"
DATABASE_USER = "amends"
# Linux allows 107 bytes and macOS 103, and Valkey binds beside its socket under a longer name first.
SOCKET_PATH_LIMIT = 90


@dataclass(frozen=True)
class Layout:
    """The paths of one data folder."""

    data_dir: Path

    @cached_property
    def sockets_dir(self) -> Path:
        """In the data folder, or in a short one derived from it where that path is too long."""
        inside = self.data_dir / "run"
        longest = inside / "postgres" / ".s.PGSQL.5432.lock"
        if len(os.fsencode(longest)) <= SOCKET_PATH_LIMIT:
            return inside
        digest = hashlib.sha256(os.fsencode(self.data_dir)).hexdigest()[:12]
        return Path(tempfile.gettempdir()) / f"amends-{os.getuid()}-{digest}"

    @property
    def keeper_socket(self) -> Path:
        return self.sockets_dir / "keeper.sock"

    @property
    def postgres_socket_dir(self) -> Path:
        return self.sockets_dir / "postgres"

    @property
    def valkey_socket(self) -> Path:
        return self.sockets_dir / "valkey.sock"

    @property
    def postgres_data(self) -> Path:
        return self.data_dir / "postgres"

    @property
    def valkey_data(self) -> Path:
        return self.data_dir / "valkey"

    @property
    def keeper_lock(self) -> Path:
        """Held by the keeper for as long as it lives."""
        return self.data_dir / "keeper.lock"

    @property
    def start_lock(self) -> Path:
        """Held by whoever looks for the keeper and may start it."""
        return self.data_dir / "start.lock"

    @property
    def log(self) -> Path:
        return self.data_dir / "services.log"
