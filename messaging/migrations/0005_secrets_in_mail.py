"""Keep what a message says in confidence, such as the key in a link, beside its text and sealed."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("messaging", "0004_prune_by_age"),)
    operations = (
        migrations.AddField(
            model_name="outboxmessage",
            name="sealed_secret",
            field=models.TextField(blank=True, default="", editable=False),
        ),
    )
