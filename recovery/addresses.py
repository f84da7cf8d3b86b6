"""Turns the addresses of database and broker into what Django and Celery take."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

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
        "-c idle_in_transaction_session_timeout=300s "
        # Beyond four tables the planner tries orders for longer than the query runs: 6 ms instead of 1.
        "-c join_collapse_limit=4"
    )
    options["options"] = f"{options.get('options', '')} {limits}".strip()
    options.setdefault("connect_timeout", 10)
    options.setdefault("application_name", "amends")
    settings["CONN_MAX_AGE"] = environment.connection_max_age
    settings["CONN_HEALTH_CHECKS"] = True
    return settings


def broker_url(redis_url: str) -> str:
    """Returns Celery's spelling of the address: it has its own for a Unix socket."""
    parts = urlsplit(redis_url)
    if parts.scheme != "unix":
        return redis_url
    number = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?{urlencode({'virtual_host': number})}"
