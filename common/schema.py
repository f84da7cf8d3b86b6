"""Changes of tables that hold up nobody who reads or writes meanwhile; for migrations."""

from __future__ import annotations

from django.db.migrations import RunSQL


def without_index(name: str, table: str, on: str) -> RunSQL:
    """Drops an index, and going back builds it again; only in a migration that is not `atomic`."""
    return RunSQL(
        f"DROP INDEX CONCURRENTLY IF EXISTS {name}",
        f"CREATE INDEX CONCURRENTLY IF NOT EXISTS {name} ON {table} ({on})",
    )
