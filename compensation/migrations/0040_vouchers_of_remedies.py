"""What remedies have granted and is still to be issued, by index."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("compensation", "0039_stock")]

    operations = [
        AddIndexConcurrently(
            model_name="offer",
            index=models.Index(
                condition=models.Q(("remedy__isnull", False), ("state", "approved")),
                fields=["kind", "id"],
                name="compensation_of_remedy",
            ),
        ),
    ]
