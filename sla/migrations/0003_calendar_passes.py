"""Keep on each calendar how far the running clocks have followed it, and who is at it."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("sla", "0002_calendar_applied"),)
    operations = (
        migrations.AddField("calendar", "pass_began_at", models.DateTimeField(editable=False, null=True)),
        migrations.AddField(
            "calendar", "passed_case", models.BigIntegerField(db_default=0, default=0, editable=False)
        ),
        migrations.AddField(
            "calendar", "pass_left_out", models.BooleanField(db_default=False, default=False, editable=False)
        ),
        migrations.AddField("calendar", "claimed_until", models.DateTimeField(editable=False, null=True)),
    )
