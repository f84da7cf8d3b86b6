"""No index is there twice: each costs every write."""

import django.db.models.deletion
from django.db import migrations, models

from common.schema import without_index

# Each begins another index of its table: name, table, and what it is on.
INDEXES = (
    ("feedback_invitation_case_id_15b844c2", "feedback_invitation", "case_id"),
    ("feedback_item_instrument_id_2c37ca6f", "feedback_item", "instrument_id"),
)


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0013_no_index_twice"),
        ("feedback", "0004_response_round"),
    ]

    # Indexes are dropped while others read and write.
    atomic = False

    operations = (
        migrations.SeparateDatabaseAndState(
            # Django would drop and check every foreign key again, with both tables locked meanwhile.
            database_operations=[without_index(*index) for index in INDEXES],
            state_operations=[
                migrations.AlterField(
                    model_name="invitation",
                    name="case",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="invitations",
                        to="cases.case",
                        verbose_name="case",
                    ),
                ),
                migrations.AlterField(
                    model_name="item",
                    name="instrument",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="items",
                        to="feedback.instrument",
                        verbose_name="questionnaire",
                    ),
                ),
            ],
        ),
    )
