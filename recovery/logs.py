"""What the log leaves out, so that what is wrong stands out in it."""

from __future__ import annotations

import logging


class NotProbes(logging.Filter):
    """Keeps out of the log that the product is not ready: whoever asked has been told."""

    def filter(self, record: logging.LogRecord) -> bool:
        return getattr(getattr(record, "request", None), "path", "") != "/readyz"


class NoTraceOfRefusals(logging.Filter):
    """Leaves one line of a request that was refused: its traceback tells how we refuse, and of no failure."""

    def filter(self, record: logging.LogRecord) -> bool:
        if 400 <= getattr(record, "status_code", 0) < 500:
            record.exc_info = record.exc_text = None
        return True
