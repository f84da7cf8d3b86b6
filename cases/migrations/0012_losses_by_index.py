"""The known losses from an index: what compensation is held against."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("cases", "0011_defect_by_branch_and_time")]

    operations = [
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(
                condition=models.Q(
                    ("verified_loss__gt", 0),
                    models.Q(("loss_amount__gt", 0), ("verified_loss__isnull", True)),
                    _connector="OR",
                ),
                fields=["id"],
                include=("currency", "verified_loss", "loss_amount"),
                name="cases_loss",
            ),
        ),
    ]
