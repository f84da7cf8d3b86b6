"""Find the messages that failed without reading all that were sent."""

from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = (("messaging", "0002_message_template"),)
    operations = (
        AddIndexConcurrently(
            "outboxmessage",
            models.Index(
                condition=models.Q(("state", "failed")), fields=["-id"], name="messaging_outbox_failed"
            ),
        ),
    )
