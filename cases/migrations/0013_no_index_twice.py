"""No index is there twice: each costs every write."""

import django.db.models.deletion
from django.db import migrations, models

from common.schema import without_index

# Each begins another index of its table: name, table, and what it is on.
INDEXES = (
    ("cases_case_customer_id_3e0cf925", "cases_case", "customer_id"),
    ("cases_playbookstep_playbook_id_46e2f2eb", "cases_playbookstep", "playbook_id"),
    ("cases_recoverystep_case_id_8f923543", "cases_recoverystep", "case_id"),
    ("cases_timelineentry_case_id_75b5ec95", "cases_timelineentry", "case_id"),
    ("cases_clock_case_id_bf0c46ff", "cases_clock", "case_id"),
    ("cases_incident_branch_id_c3fb86d3", "cases_incident", "branch_id"),
    ("cases_affected_case_id_ac6f32c6", "cases_affected", "case_id"),
    ("cases_affected_incident_id_06f03df7", "cases_affected", "incident_id"),
    ("cases_unknownline_incident_id_1fb76036", "cases_unknownline", "incident_id"),
)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_no_index_twice"),
        ("cases", "0012_losses_by_index"),
        ("customers", "0002_no_index_twice"),
    ]

    # Indexes are dropped while others read and write.
    atomic = False

    operations = (
        migrations.SeparateDatabaseAndState(
            # Django would drop and check every foreign key again, with both tables locked meanwhile.
            database_operations=[without_index(*index) for index in INDEXES],
            state_operations=[
                migrations.AlterField(
                    model_name="affected",
                    name="case",
                    field=models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="incidents",
                        to="cases.case",
                        verbose_name="case",
                    ),
                ),
                migrations.AlterField(
                    model_name="affected",
                    name="incident",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="affected",
                        to="cases.incident",
                        verbose_name="incident",
                    ),
                ),
                migrations.AlterField(
                    model_name="case",
                    name="customer",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="cases",
                        to="customers.customer",
                        verbose_name="customer",
                    ),
                ),
                migrations.AlterField(
                    model_name="clock",
                    name="case",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="clocks",
                        to="cases.case",
                        verbose_name="case",
                    ),
                ),
                migrations.AlterField(
                    model_name="incident",
                    name="branch",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.branch",
                        verbose_name="branch",
                    ),
                ),
                migrations.AlterField(
                    model_name="playbookstep",
                    name="playbook",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="cases.playbook",
                        verbose_name="playbook",
                    ),
                ),
                migrations.AlterField(
                    model_name="recoverystep",
                    name="case",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="cases.case",
                        verbose_name="case",
                    ),
                ),
                migrations.AlterField(
                    model_name="timelineentry",
                    name="case",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="timeline",
                        to="cases.case",
                        verbose_name="case",
                    ),
                ),
                migrations.AlterField(
                    model_name="unknownline",
                    name="incident",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="unknown_lines",
                        to="cases.incident",
                        verbose_name="incident",
                    ),
                ),
            ],
        ),
    )
