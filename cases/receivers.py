"""What cases do when something changes that they stand on."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver

from common.queue import nudge
from sla.signals import calendar_changed


@receiver(calendar_changed)
def let_clocks_follow(**_more: Any) -> None:
    """The sweep finds by itself what a changed calendar moves: it need only hurry."""
    nudge("cases.follow_calendars")
