"""How often something may be tried: counted in the cache, and not at all while that is away."""

from __future__ import annotations

import redis
from django.core.cache import cache


def allowed(what: str, *, most: int, seconds: int) -> bool:
    """Count an attempt; whether it is within `most` in so many seconds. Without its cache, always."""
    key = f"attempts:{what}"
    try:
        cache.add(key, 0, seconds)
        return cache.incr(key) <= most
    except (ValueError, redis.RedisError):
        return True


def exhausted(what: str, *, most: int) -> bool:
    """Whether as many attempts as that have been counted already, without counting one."""
    try:
        return int(cache.get(f"attempts:{what}", 0)) >= most
    except (ValueError, redis.RedisError):
        return False
