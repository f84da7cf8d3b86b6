"""Delete the timeline's copies of complaints: the case holds the words, and pages always read them there.

Batches of their own transactions keep locks short on millions of cases.
"""

from typing import Any

from django.db import migrations, models

BATCH = 10_000


def delete_copies(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT min(id), max(id) FROM cases_case")
        first, last = cursor.fetchone()
        for start in range(first, last + 1, BATCH) if last else ():
            cursor.execute(
                "DELETE FROM cases_timelineentry WHERE case_id BETWEEN %s AND %s AND kind = 'complaint'",
                [start, start + BATCH - 1],
            )


class Migration(migrations.Migration):
    atomic = False
    dependencies = (("cases", "0013_no_index_twice"),)
    operations = (
        migrations.RunPython(delete_copies, migrations.RunPython.noop, elidable=True),
        migrations.AlterField(
            model_name="timelineentry",
            name="kind",
            field=models.CharField(
                choices=[
                    ("message", "Message from the customer"),
                    ("reply", "Reply"),
                    ("call", "Call"),
                    ("note", "Internal note"),
                    ("event", "Event"),
                ],
                max_length=10,
                verbose_name="kind",
            ),
        ),
    )
