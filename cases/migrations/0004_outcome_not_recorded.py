"""An outcome for imported history that does not say how it ended."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (("cases", "0003_counts_from_the_index"),)
    operations = (
        migrations.AlterField(
            model_name="case",
            name="outcome",
            field=models.CharField(
                blank=True,
                choices=[
                    ("upheld", "Upheld: we failed"),
                    ("partly_upheld", "Partly upheld"),
                    ("not_upheld", "Not upheld"),
                    ("withdrawn", "Withdrawn by the customer"),
                    ("not_recorded", "Not recorded"),
                ],
                max_length=14,
                verbose_name="outcome",
            ),
        ),
    )
