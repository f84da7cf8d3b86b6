"""Find what is old enough to be pruned without reading the rest."""

from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = (("messaging", "0003_failed_messages_at_hand"),)
    operations = (
        AddIndexConcurrently(
            "notice",
            models.Index(
                condition=models.Q(("read_at__isnull", False)),
                fields=["read_at"],
                name="messaging_notice_read",
            ),
        ),
        AddIndexConcurrently(
            "outboxmessage",
            models.Index(
                condition=models.Q(("state", "sent"), models.Q(("body_text", ""), _negated=True)),
                fields=["sent_at"],
                name="messaging_outbox_sent_text",
            ),
        ),
    )
