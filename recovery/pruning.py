"""What a night's pruning goes through: each part bounded, and none held up by another."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.contrib.sessions.models import Session
from django.utils import timezone

from api.idempotency import prune_kept_answers
from common.pruning import delete_in_batches
from compensation.actions.decision_links import prune_links
from messaging.actions.pruning import prune_mail_texts, prune_read_notices

log = logging.getLogger(__name__)


def prune_sessions() -> int:
    """Delete the sessions that have ended; returns how many."""
    ended = Session.objects.filter(expire_date__lt=timezone.now()).order_by("expire_date")
    return delete_in_batches(Session, ended)


PARTS: dict[str, Callable[[], int]] = {
    "sessions that ended": prune_sessions,
    "kept answers of the API": prune_kept_answers,
    "texts of old mail": prune_mail_texts,
    "notices read long ago": prune_read_notices,
    "links to decisions that have expired": prune_links,
}


def prune() -> dict[str, int]:
    """Run every part; returns how many rows each pruned. A part that fails is tried again the next night."""
    counts: dict[str, int] = {}
    for name, part in PARTS.items():
        try:
            counts[name] = part()
        except Exception:
            log.exception("Pruning failed: %s", name)
        else:
            if counts[name]:
                log.info("Pruned %s: %s", name, counts[name])
    return counts
