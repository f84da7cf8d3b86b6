"""No index is there twice: each costs every write."""

import django.db.models.deletion
from django.db import migrations, models

from common.schema import without_index

# Each begins another index of its table: name, table, and what it is on.
INDEXES = (
    ("customers_contactpoint_customer_id_c5e90863", "customers_contactpoint", "customer_id"),
    ("customers_order_customer_id_032dd871", "customers_order", "customer_id"),
    ("customers_order_reference", "customers_order", "reference varchar_pattern_ops"),
)


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0001_initial"),
    ]

    # Indexes are dropped while others read and write.
    atomic = False

    operations = (
        migrations.SeparateDatabaseAndState(
            # Django would drop and check every foreign key again, with both tables locked meanwhile.
            database_operations=[without_index(*index) for index in INDEXES],
            state_operations=[
                migrations.RemoveIndex(
                    model_name="order",
                    name="customers_order_reference",
                ),
                migrations.AlterField(
                    model_name="contactpoint",
                    name="customer",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="contact_points",
                        to="customers.customer",
                        verbose_name="customer",
                    ),
                ),
                migrations.AlterField(
                    model_name="order",
                    name="customer",
                    field=models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="orders",
                        to="customers.customer",
                        verbose_name="customer",
                    ),
                ),
            ],
        ),
    )
