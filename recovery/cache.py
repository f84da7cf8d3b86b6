"""A cache on Valkey or Redis that is missing, not broken, while its server is away."""

from __future__ import annotations

import logging
from typing import Any

import redis
from django.conf import settings
from django.core.cache.backends.redis import RedisCache, RedisCacheClient

from recovery.services.client import ensure_services

logger = logging.getLogger(__name__)


class _Client(RedisCacheClient):
    """Starts the embedded server with the first use."""

    def get_client(self, key: Any = None, *, write: bool = False) -> Any:
        if settings.ENVIRONMENT.redis_url is None:
            ensure_services(settings.SERVICES)
        return super().get_client(key, write=write)


class ForgivingRedisCache(RedisCache):
    """Answers like an empty cache when the server can't be reached.

    Nothing in Amends is kept in the cache alone, so losing it costs time and nothing else;
    a page must not fail for it.
    """

    def __init__(self, server: str | list[str], params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = _Client

    def add(self, *args: Any, **kwargs: Any) -> bool:
        # "Added" is the answer of an empty cache.
        return self._or_else(True, super().add, *args, **kwargs)

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return self._or_else(default, super().get, key, default, version)

    def set(self, *args: Any, **kwargs: Any) -> None:
        self._or_else(None, super().set, *args, **kwargs)

    def touch(self, *args: Any, **kwargs: Any) -> bool:
        return self._or_else(False, super().touch, *args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> bool:
        return self._or_else(False, super().delete, *args, **kwargs)

    def get_many(self, *args: Any, **kwargs: Any) -> dict[Any, Any]:
        return self._or_else({}, super().get_many, *args, **kwargs)

    def incr(self, *args: Any, **kwargs: Any) -> int:
        # An empty cache has nothing to raise.
        found = self._or_else(None, super().incr, *args, **kwargs)
        if found is None:
            raise ValueError("The cache is away.")
        return found

    def has_key(self, *args: Any, **kwargs: Any) -> bool:
        return self._or_else(False, super().has_key, *args, **kwargs)

    def set_many(self, *args: Any, **kwargs: Any) -> list[Any]:
        return self._or_else([], super().set_many, *args, **kwargs)

    def delete_many(self, *args: Any, **kwargs: Any) -> None:
        self._or_else(None, super().delete_many, *args, **kwargs)

    @staticmethod
    def _or_else(otherwise: Any, method: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(*args, **kwargs)
        except (redis.ConnectionError, redis.TimeoutError) as error:
            logger.warning("The cache is away: %s", error)
            return otherwise
