"""The Celery app that workers, beat and every sender of tasks share."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import worker_ready
from kombu import Connection

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "recovery.settings")


class AmendsCelery(Celery):
    """Sees to it that the embedded broker runs before anything connects to it."""

    def connection_for_write(self, *args: Any, **kwargs: Any) -> Connection:
        _ensure_broker()
        return super().connection_for_write(*args, **kwargs)

    def connection_for_read(self, *args: Any, **kwargs: Any) -> Connection:
        _ensure_broker()
        return super().connection_for_read(*args, **kwargs)


def _ensure_broker() -> None:
    from django.conf import settings

    if settings.ENVIRONMENT.redis_url is None:
        from recovery.services.client import ensure_services

        ensure_services(settings.SERVICES)


app = AmendsCelery("amends")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_ready.connect
def _say_so(**kwargs: Any) -> None:
    """The first heartbeat need not wait for beat."""
    from recovery.tasks import worker_heartbeat

    worker_heartbeat.apply_async(expires=30)
