"""No index is there twice: each costs every write."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from common.schema import without_index

# Each begins another index of its table: name, table, and what it is on.
INDEXES = (("audit_event_actor_id_fdb5de2b", "audit_event", "actor_id"),)


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0003_read_newest_first"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    # Indexes are dropped while others read and write.
    atomic = False

    operations = (
        migrations.SeparateDatabaseAndState(
            # Django would drop and check every foreign key again, with both tables locked meanwhile.
            database_operations=[without_index(*index) for index in INDEXES],
            state_operations=[
                migrations.AlterField(
                    model_name="event",
                    name="actor",
                    field=models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
            ],
        ),
    )
