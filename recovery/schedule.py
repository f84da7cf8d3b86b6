"""When beat nudges which sweep; a nudge that no worker has taken by the next one is dropped."""

from __future__ import annotations

from typing import Any

from celery.schedules import crontab

# Seconds from one nudge to the next.
_EVERY: dict[str, int] = {
    "cases.sweep_clocks": 20,
    "cases.follow_calendars": 20,
    "messaging.tasks.send_due": 30,
    "feedback.tasks.send_due_surveys": 30,
    "feedback.tasks.send_due_reminders": 60,
    "feedback.tasks.remind_of_follow_ups": 60,
    "compensation.tasks.expire_offers": 60,
    "compensation.tasks.remind_of_promises": 60,
    "compensation.tasks.escalate_steps": 60,
    "compensation.tasks.send_payments": 30,
    "compensation.tasks.sweep_budgets": 900,
    "compensation.tasks.remind_of_vouchers": 300,
    "compensation.run_remedies": 20,
    "compensation.tasks.issue_vouchers": 20,
}
# Hour and minute, in UTC: when few are at work.
_NIGHTLY: dict[str, tuple[int, int]] = {
    "compensation.tasks.rekey_vouchers": (2, 41),
    "compensation.tasks.rewrap_keys": (2, 43),
    "recovery.tasks.prune_nightly": (3, 17),
}
_LATE_NIGHTLY = 3600
# The heartbeat outlives one that is missed, so that a worker under load is not taken for dead.
_HEARTBEAT, _HEARTBEAT_LASTS = 15, 30


def schedule() -> dict[str, dict[str, Any]]:
    """What beat is told."""
    found = {task: _entry(task, seconds, seconds) for task, seconds in _EVERY.items()}
    for task, (hour, minute) in _NIGHTLY.items():
        found[task] = _entry(task, crontab(hour=hour, minute=minute), _LATE_NIGHTLY)
    heartbeat = "recovery.tasks.worker_heartbeat"
    return found | {heartbeat: _entry(heartbeat, _HEARTBEAT, _HEARTBEAT_LASTS)}


def _entry(task: str, when: int | crontab, expires: int) -> dict[str, Any]:
    return {"task": task, "schedule": when, "options": {"expires": expires}}
