"""What operators' tools ask: is the process alive, can it do its work, and its metrics."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable

import redis
from django.conf import settings
from django.core.cache import caches
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from django_prometheus.exports import ExportToDjangoView

from common.migrating import count_unapplied_migrations
from recovery.environment import is_loopback

HEARTBEAT_KEY = "worker-heartbeat"
# Four beats missed.
HEARTBEAT_MAX_AGE_SECONDS = 60


def record_heartbeat() -> None:
    """Notes that a worker is at work now."""
    caches["default"].set(HEARTBEAT_KEY, time.time(), timeout=HEARTBEAT_MAX_AGE_SECONDS * 10)


@never_cache
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    """Answers while the process does."""
    return HttpResponse("alive\n", content_type="text/plain")


@never_cache
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Answers 200 if database, broker, migrations and worker are all right, else 503; says which."""
    checks: dict[str, Callable[[], bool]] = {
        "database": _database_answers,
        "migrations": _migrations_are_applied,
        "broker": _broker_answers,
        "worker": _worker_is_at_work,
    }
    results = {name: _holds(check) for name, check in checks.items()}
    return JsonResponse(
        {"ready": all(results.values()), "checks": results}, status=200 if all(results.values()) else 503
    )


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Metrics for Prometheus, for holders of the token, or on this machine if there is no token."""
    if not _may_read_metrics(request):
        return HttpResponseForbidden("Metrics need the token.\n", content_type="text/plain")
    return ExportToDjangoView(request)


def _may_read_metrics(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), settings.METRICS_TOKEN.encode())
    # Behind a proxy on the same machine every visitor seems to be local.
    return not settings.ENVIRONMENT.behind_proxy and is_loopback(request.META.get("REMOTE_ADDR", ""))


def _holds(check: Callable[[], bool]) -> bool:
    try:
        return check()
    except (DatabaseError, redis.RedisError, OSError):
        return False


def _database_answers() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        return cursor.fetchone() == (1,)


def _migrations_are_applied() -> bool:
    return count_unapplied_migrations() == 0


def _broker_answers() -> bool:
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=2, socket_connect_timeout=2) as client:
        return bool(client.ping())


def _worker_is_at_work() -> bool:
    at = caches["default"].get(HEARTBEAT_KEY)
    return at is not None and time.time() - at < HEARTBEAT_MAX_AGE_SECONDS
