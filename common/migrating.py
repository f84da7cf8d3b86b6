"""Whether the database is as the code needs it, and what every installation starts with once it is."""

from __future__ import annotations

from collections.abc import Callable

from django.apps import AppConfig
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models.signals import post_migrate


def count_unapplied_migrations() -> int:
    """How many migrations of all apps the database lacks."""
    executor = MigrationExecutor(connection)
    return len(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def seed_after_migrating(app: AppConfig, seed: Callable[[], None]) -> None:
    """Call `seed` after every migration that leaves the database complete.

    On the way back to an older state, or half way to the newest, columns that `seed` writes are not there.
    """

    def seed_if_complete(**_signal: object) -> None:
        if not count_unapplied_migrations():
            seed()

    post_migrate.connect(seed_if_complete, sender=app, weak=False, dispatch_uid=f"{app.label}.seed")
