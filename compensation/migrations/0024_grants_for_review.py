"""Let internal audit read what was granted, and decided, in a period without reading the rest."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = (("compensation", "0023_nobody_decides_on_a_remedy_they_get"),)
    operations = (
        AddIndexConcurrently(
            model_name="approval", index=models.Index(fields=["at"], name="compensation_approval_at")
        ),
        AddIndexConcurrently(
            model_name="offer",
            index=models.Index(
                condition=models.Q(("granted_amount__isnull", False)),
                fields=["currency", "decided_at"],
                include=("id", "branch", "granted_amount"),
                name="compensation_offer_ever",
            ),
        ),
    )
