"""Note of each calendar which of its states the running clocks follow: of those there are, the present one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("sla", "0001_initial"),)
    operations = (
        migrations.AddField(
            model_name="calendar",
            name="applied_at",
            field=models.DateTimeField(editable=False, null=True, verbose_name="applied"),
        ),
        migrations.RunSQL("UPDATE sla_calendar SET applied_at = changed_at", migrations.RunSQL.noop),
    )
