"""Find what is outstanding, due and clawed back by its time, without keeping anyone from writing."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = (("compensation", "0026_accounts_are_sealed"),)
    operations = (
        AddIndexConcurrently(
            model_name="offer",
            index=models.Index(
                condition=models.Q(("state__in", ("approved", "offered", "accepted", "failed"))),
                fields=["decided_at", "id"],
                name="compensation_outstanding",
            ),
        ),
        AddIndexConcurrently(
            model_name="offer",
            index=models.Index(
                condition=models.Q(("due_at__isnull", False)),
                fields=["due_at", "id"],
                name="compensation_promised_by",
            ),
        ),
        AddIndexConcurrently(
            model_name="setback",
            index=models.Index(
                condition=models.Q(("kind", "clawed_back")),
                fields=["at", "id"],
                name="compensation_clawed_back",
            ),
        ),
    )
