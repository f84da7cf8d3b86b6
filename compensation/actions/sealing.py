"""Sealing the keys for account numbers anew, after the key of the environment has changed."""

from __future__ import annotations

from django.db import transaction

from audit.actions import record
from compensation.models import SealingKey
from compensation.sealing import is_newest, sealed_anew


def rewrap_keys() -> int:
    """Seal every key for values with the newest key of the environment; returns how many had another.

    The values themselves stay as they are. Raises `CannotUnsealError` where no key of the environment opens
    one of them; nothing has changed then.
    """
    done = []
    with transaction.atomic():
        for row in SealingKey.objects.select_for_update().order_by("pk"):
            if not is_newest(row.wrapped):
                row.wrapped = sealed_anew(row.wrapped)
                row.save(update_fields=("wrapped",))
                done.append(row.pk)
        if done:
            record(stream="sealing-keys", verb="sealing_key.rewrapped", actor=None, data={"times": len(done)})
    return len(done)
