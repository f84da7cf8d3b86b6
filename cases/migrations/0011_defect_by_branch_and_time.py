"""The complaints of a defect at a branch by time, for what is rising; it serves the reference as well."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("cases", "0010_incidents")]

    operations = [
        AddIndexConcurrently(
            model_name="case",
            index=models.Index(fields=["defect", "branch", "received_at"], name="cases_defect_received"),
        ),
        migrations.AlterField(
            model_name="case",
            name="defect",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="cases.defect",
                verbose_name="defect",
            ),
        ),
    ]
