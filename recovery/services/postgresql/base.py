"""The database backend that Django loads for the embedded server."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base

from recovery.services.client import ensure_services


class DatabaseWrapper(base.DatabaseWrapper):
    """Connects like Django's own, and only sees to it first that there is a server."""

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        ensure_services(settings.SERVICES)
        return super().get_new_connection(conn_params)
