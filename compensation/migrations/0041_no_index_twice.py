"""No index is there twice: each costs every write."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from common.schema import without_index

# Each begins another index of its table: name, table, and what it is on.
INDEXES = (
    ("compensation_budget_branch_id_b7cce9bd", "compensation_budget", "branch_id"),
    ("compensation_offer_proposer_id_8c6a7270", "compensation_offer", "proposer_id"),
    ("compensation_paymentfile_batch_id_7d6b0cba", "compensation_paymentfile", "batch_id"),
    ("compensation_payingaccount_branch_id_fe001188", "compensation_payingaccount", "branch_id"),
    ("compensation_voucher_branch_id_51e4e0ce", "compensation_voucher", "branch_id"),
    ("compensation_remedyshare_remedy_id_86285a7e", "compensation_remedyshare", "remedy_id"),
    ("compensation_policyversion_policy_id_59c4200b", "compensation_policyversion", "policy_id"),
    ("compensation_reviewitem_list_id_873ee45b", "compensation_reviewitem", "list_id"),
)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_no_index_twice"),
        ("compensation", "0040_vouchers_of_remedies"),
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
                    model_name="budget",
                    name="branch",
                    field=models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.branch",
                        verbose_name="branch",
                    ),
                ),
                migrations.AlterField(
                    model_name="offer",
                    name="proposer",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="proposed by",
                    ),
                ),
                migrations.AlterField(
                    model_name="payingaccount",
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
                    model_name="paymentfile",
                    name="batch",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="files",
                        to="compensation.paymentbatch",
                        verbose_name="batch",
                    ),
                ),
                migrations.AlterField(
                    model_name="policyversion",
                    name="policy",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="versions",
                        to="compensation.policy",
                        verbose_name="policy",
                    ),
                ),
                migrations.AlterField(
                    model_name="remedyshare",
                    name="remedy",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="shares",
                        to="compensation.remedy",
                        verbose_name="remedy",
                    ),
                ),
                migrations.AlterField(
                    model_name="reviewitem",
                    name="list",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="items",
                        to="compensation.reviewlist",
                        verbose_name="review list",
                    ),
                ),
                migrations.AlterField(
                    model_name="voucher",
                    name="branch",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.branch",
                        verbose_name="branch",
                    ),
                ),
            ],
        ),
    )
