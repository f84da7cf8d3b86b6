"""Messages to customers and staff, notices inside the product, and scripts."""

from messaging.models.notice import Notice
from messaging.models.outbox import OutboxMessage
from messaging.models.script import Script

__all__ = ["Notice", "OutboxMessage", "Script"]
