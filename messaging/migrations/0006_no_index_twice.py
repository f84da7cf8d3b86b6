"""No index is there twice: each costs every write."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from common.schema import without_index

# Each begins another index of its table: name, table, and what it is on.
INDEXES = (
    ("messaging_notice_user_id_afc1f821", "messaging_notice", "user_id"),
    ("messaging_script_code_82886cad", "messaging_script", "code"),
    ("messaging_script_code_82886cad_like", "messaging_script", "code varchar_pattern_ops"),
)


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0005_secrets_in_mail"),
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
                    model_name="notice",
                    name="user",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="notices",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="for",
                    ),
                ),
                migrations.AlterField(
                    model_name="script",
                    name="code",
                    field=models.SlugField(db_index=False, max_length=60, verbose_name="code"),
                ),
            ],
        ),
    )
