"""Writing messages and notices, sending what is due, and trying again what failed."""

from messaging.actions.notices import mark_read, notify
from messaging.actions.outbox import letter, queue_email, retry_failed_messages, retry_message
from messaging.actions.sending import send_due_messages

__all__ = [
    "letter",
    "mark_read",
    "notify",
    "queue_email",
    "retry_failed_messages",
    "retry_message",
    "send_due_messages",
]
