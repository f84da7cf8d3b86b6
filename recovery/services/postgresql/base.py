"""The database backend that Django loads for the embedded server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base, client

from recovery.services.client import ensure_services
from recovery.services.servers import postgres_binaries


class DatabaseClient(client.DatabaseClient):
    """`manage.py dbshell` with the server's own psql, which needs not be installed elsewhere."""

    def runshell(self, parameters: Iterable[str]) -> None:
        ensure_services(settings.SERVICES)
        type(self).executable_name = str(postgres_binaries() / "psql")
        super().runshell(parameters)


class DatabaseWrapper(base.DatabaseWrapper):
    """Connects like Django's own, and only sees to it first that there is a server."""

    client_class = DatabaseClient

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        ensure_services(settings.SERVICES)
        return super().get_new_connection(conn_params)
