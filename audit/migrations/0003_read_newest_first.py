"""Let the trail be read from its newest event on: all of it, one person's part, or one kind of event."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # an index of a large table is built while the table is in use

    dependencies = (("audit", "0002_append_only"),)
    operations = (
        AddIndexConcurrently("event", models.Index(fields=("at", "id"), name="audit_event_at")),
        AddIndexConcurrently("event", models.Index(fields=("actor", "at", "id"), name="audit_event_actor")),
        AddIndexConcurrently("event", models.Index(fields=("verb", "at", "id"), name="audit_event_verb")),
    )
