"""Let there be a role for those who pay."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_authority_of_persons_kinds_and_basis"),
    ]

    operations = [
        migrations.AlterField(
            model_name="authority",
            name="role",
            field=models.CharField(
                choices=[
                    ("frontline", "Frontline"),
                    ("supervisor", "Supervisor"),
                    ("manager", "Manager"),
                    ("admin", "Administrator"),
                    ("auditor", "Auditor"),
                    ("finance", "Finance"),
                ],
                max_length=12,
                verbose_name="role",
            ),
        ),
        migrations.AlterField(
            model_name="user",
            name="role",
            field=models.CharField(
                choices=[
                    ("frontline", "Frontline"),
                    ("supervisor", "Supervisor"),
                    ("manager", "Manager"),
                    ("admin", "Administrator"),
                    ("auditor", "Auditor"),
                    ("finance", "Finance"),
                ],
                default="frontline",
                max_length=12,
                verbose_name="role",
            ),
        ),
    ]
