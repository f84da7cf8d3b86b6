"""Say of each kind of offer what it takes to bring it to the customer."""

from django.db import migrations, models

# What was seeded before knows nothing of it yet.
FILL = """
UPDATE compensation_kindsetting SET need = CASE kind
    WHEN 'voucher' THEN 'code' WHEN 'discount' THEN 'code'
    WHEN 'free_service' THEN 'booking' WHEN 'upgrade' THEN 'booking'
    WHEN 'hotel' THEN 'receipt' WHEN 'meal' THEN 'receipt'
    WHEN 'points' THEN 'credit' WHEN 'gift' THEN 'shipment'
    ELSE 'payment' END
"""


class Migration(migrations.Migration):
    dependencies = [
        ("compensation", "0010_vouchers"),
    ]

    operations = [
        migrations.AddField(
            model_name="kindsetting",
            name="need",
            field=models.CharField(
                choices=[
                    ("payment", "a payment: to the original means of payment or an account"),
                    ("code", "a code that is sent or handed over"),
                    ("booking", "a booking"),
                    ("receipt", "a receipt to refund, or a booking"),
                    ("shipment", "something to send or hand over"),
                    ("credit", "a credit to the customer's account"),
                ],
                default="payment",
                max_length=8,
                verbose_name="what it takes",
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="fulfilment",
            name="method",
            field=models.CharField(
                choices=[
                    ("original_payment", "Back to the original means of payment"),
                    ("bank_transfer", "Bank transfer"),
                    ("cash", "Cash"),
                    ("code_sent", "Code sent"),
                    ("handed_over", "Handed over"),
                    ("booked", "Booked"),
                    ("credited", "Credited to the account"),
                    ("shipped", "Sent by post or courier"),
                ],
                max_length=18,
                verbose_name="how",
            ),
        ),
    ]
