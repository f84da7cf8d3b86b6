"""A route may be for one branch, and one that is taken back on the day it began holds on no day."""

import datetime as dt

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = (
        ("accounts", "0006_teams"),
        ("compensation", "0036_budgets_of_teams"),
    )
    operations = (
        migrations.AddField(
            model_name="approvalroute",
            name="branch",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.branch",
                verbose_name="branch",
            ),
        ),
        migrations.RemoveConstraint(model_name="approvalroute", name="compensation_route_lasts"),
        migrations.AddConstraint(
            model_name="approvalroute",
            constraint=models.CheckConstraint(
                condition=models.Q(valid_to__isnull=True)
                | models.Q(valid_to__gte=models.F("valid_from") - dt.timedelta(days=1)),
                name="compensation_route_lasts",
            ),
        ),
    )
