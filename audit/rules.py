"""The arithmetic of the chain: a hash over the event and the hash before it."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping

START = "0" * 64

_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode


def chain_hash(
    *,
    previous: str,
    stream: str,
    sequence: int,
    at: dt.datetime,
    actor_id: int | None,
    verb: str,
    data: Mapping[str, object],
) -> str:
    """SHA-256, in hex, over a canonical JSON form of the event and the hash of the one before."""
    link = [previous, stream, sequence, at.astimezone(dt.UTC).isoformat(), actor_id, verb, data]
    return hashlib.sha256(_canonical(link).encode()).hexdigest()
