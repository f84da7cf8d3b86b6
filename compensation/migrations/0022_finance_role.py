"""Let there be a role for those who pay."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("compensation", "0021_chains_are_guarded"),
    ]

    operations = [
        migrations.AlterField(
            model_name="approvalstep",
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
            model_name="routestep",
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
    ]
