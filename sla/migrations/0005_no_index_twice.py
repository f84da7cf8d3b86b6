"""No index is there twice: each costs every write."""

import django.db.models.deletion
from django.db import migrations, models

from common.schema import without_index

# Each begins another index of its table: name, table, and what it is on.
INDEXES = (("sla_calendarday_calendar_id_8557a0eb", "sla_calendarday", "calendar_id"),)


class Migration(migrations.Migration):
    dependencies = [
        ("sla", "0004_decision_targets"),
    ]

    # Indexes are dropped while others read and write.
    atomic = False

    operations = (
        migrations.SeparateDatabaseAndState(
            # Django would drop and check every foreign key again, with both tables locked meanwhile.
            database_operations=[without_index(*index) for index in INDEXES],
            state_operations=[
                migrations.AlterField(
                    model_name="calendarday",
                    name="calendar",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="days",
                        to="sla.calendar",
                        verbose_name="calendar",
                    ),
                ),
            ],
        ),
    )
