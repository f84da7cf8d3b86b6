"""Count the views of the queue from the indexes alone: they hold state and next step, too."""

from __future__ import annotations

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

OPEN = models.Q(("state__in", ["open", "waiting"]))


def with_columns(name: str, *fields: str) -> models.Index:
    return models.Index(condition=OPEN, fields=list(fields), include=("state", "next_step"), name=name)


class Migration(migrations.Migration):
    atomic = False
    dependencies = (("cases", "0004_outcome_not_recorded"),)
    operations = (
        RemoveIndexConcurrently("case", "cases_open_due"),
        AddIndexConcurrently("case", with_columns("cases_open_due", "due_at", "id")),
        RemoveIndexConcurrently("case", "cases_open_branch_due"),
        AddIndexConcurrently("case", with_columns("cases_open_branch_due", "branch", "due_at", "id")),
    )
