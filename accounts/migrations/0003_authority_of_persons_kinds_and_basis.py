"""Authority of one person, or for one kind or basis of compensation, beside that of roles."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_api_token"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="authority",
            name="accounts_authority_once_a_day",
        ),
        migrations.AddField(
            model_name="authority",
            name="basis",
            field=models.CharField(blank=True, db_default="", default="", max_length=9, verbose_name="basis"),
        ),
        migrations.AddField(
            model_name="authority",
            name="ends",
            field=models.BooleanField(db_default=False, default=False, verbose_name="ends"),
        ),
        migrations.AddField(
            model_name="authority",
            name="kind",
            field=models.CharField(blank=True, db_default="", default="", max_length=30, verbose_name="kind"),
        ),
        migrations.AddField(
            model_name="authority",
            name="user",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="authorities",
                to=settings.AUTH_USER_MODEL,
                verbose_name="person",
            ),
        ),
        migrations.AddConstraint(
            model_name="authority",
            constraint=models.UniqueConstraint(
                fields=("role", "user", "currency", "kind", "basis", "valid_from"),
                name="accounts_authority_once_a_day",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="authority",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("ends", False),
                    models.Q(
                        ("per_case", 0),
                        ("per_day", 0),
                        models.Q(("basis", ""), ("kind", ""), ("user__isnull", True), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="accounts_authority_ends_for_another",
            ),
        ),
    ]
