"""Turns the address of a database, or its absence, into Django's connection settings."""

from __future__ import annotations

from typing import Any

import dj_database_url

from recovery.environment import Environment
from recovery.services.layout import DATABASE_NAME, DATABASE_USER, Layout


def database_settings(environment: Environment, services: Layout) -> dict[str, Any]:
    """Returns the `default` entry of `DATABASES`: the given server, or the embedded one.

    Connections are kept: each thread of a web process and each worker process holds one, and
    checks it once per request before it uses it.
    """
    if environment.database_url is None:
        settings: dict[str, Any] = {
            "ENGINE": "recovery.services.postgresql",
            "HOST": str(services.postgres_socket_dir),
            "NAME": DATABASE_NAME,
            "USER": DATABASE_USER,
        }
    else:
        settings = dict(dj_database_url.parse(environment.database_url))
    options = settings.setdefault("OPTIONS", {})
    limits = (
        f"-c statement_timeout={environment.statement_timeout}s "
        f"-c lock_timeout={environment.lock_timeout}s "
        "-c idle_in_transaction_session_timeout=300s"
    )
    options["options"] = f"{options.get('options', '')} {limits}".strip()
    options.setdefault("connect_timeout", 10)
    options.setdefault("application_name", "amends")
    settings["CONN_MAX_AGE"] = environment.connection_max_age
    settings["CONN_HEALTH_CHECKS"] = True
    return settings
