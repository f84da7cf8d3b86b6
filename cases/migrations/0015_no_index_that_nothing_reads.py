"""No index on cases that nothing reads: each costs every complaint, and every row of an import.

Who owns, logged or did something is asked of open cases alone, by an index of their own; people and causes are
switched off, not deleted. Numbers and tracking tokens are looked up whole, which their unique indexes serve.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from common.schema import without_index

# Name, table, and what it is on.
INDEXES = (
    ("cases_case_owner_id_352cf2f7", "cases_case", "owner_id"),
    ("cases_case_logged_by_id_d47d9abe", "cases_case", "logged_by_id"),
    ("cases_case_cause_id_28cf075a", "cases_case", "cause_id"),
    ("cases_case_number_980c9551_like", "cases_case", "number varchar_pattern_ops"),
    ("cases_case_tracking_token_2bcf934e_like", "cases_case", "tracking_token varchar_pattern_ops"),
    ("cases_recoverystep_by_id_edb5d6cb", "cases_recoverystep", "by_id"),
    ("cases_timelineentry_author_id_2771d293", "cases_timelineentry", "author_id"),
)


class Migration(migrations.Migration):
    dependencies = (
        ("cases", "0014_complaint_once"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    )

    # Indexes are dropped while others read and write.
    atomic = False

    operations = (
        migrations.SeparateDatabaseAndState(
            # Django would drop and check every foreign key again, with both tables locked meanwhile.
            database_operations=[without_index(*index) for index in INDEXES],
            state_operations=[
                migrations.AlterField(
                    model_name="case",
                    name="owner",
                    field=models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="owner",
                    ),
                ),
                migrations.AlterField(
                    model_name="case",
                    name="logged_by",
                    field=models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="logged by",
                    ),
                ),
                migrations.AlterField(
                    model_name="case",
                    name="cause",
                    field=models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cases.cause",
                        verbose_name="cause",
                    ),
                ),
                migrations.AlterField(
                    model_name="recoverystep",
                    name="by",
                    field=models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="by",
                    ),
                ),
                migrations.AlterField(
                    model_name="timelineentry",
                    name="author",
                    field=models.ForeignKey(
                        blank=True,
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
