"""Let an organisation have kinds of compensation of its own, and say what has to be told of each."""

from django.db import migrations, models

# Kinds that were seeded before do not know yet that they give regard; all others give something of worth.
FILL = "UPDATE compensation_kindsetting SET remedy_class = 'regard' WHERE kind = 'gift'"


class Migration(migrations.Migration):
    dependencies = [
        ("compensation", "0015_remedies_by_policy"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="kindsetting",
            options={"verbose_name": "kind of compensation", "verbose_name_plural": "kinds of compensation"},
        ),
        migrations.AddField(
            model_name="fulfilment",
            name="details",
            field=models.JSONField(blank=True, db_default={}, default=dict, verbose_name="details"),
        ),
        migrations.AddField(
            model_name="kindsetting",
            name="is_active",
            field=models.BooleanField(db_default=True, default=True, verbose_name="in use"),
        ),
        migrations.AddField(
            model_name="kindsetting",
            name="methods",
            field=models.JSONField(
                blank=True, db_default=[], default=list, verbose_name="ways of fulfilling"
            ),
        ),
        migrations.AddField(
            model_name="kindsetting",
            name="name_en",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=60, verbose_name="name in English"
            ),
        ),
        migrations.AddField(
            model_name="kindsetting",
            name="name_zh",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=60, verbose_name="name in Chinese"
            ),
        ),
        migrations.AddField(
            model_name="kindsetting",
            name="remedy_class",
            field=models.CharField(
                choices=[("worth", "worth"), ("regard", "regard")],
                db_default="worth",
                default="worth",
                max_length=6,
                verbose_name="what it gives back",
            ),
        ),
        migrations.AddField(
            model_name="kindsetting",
            name="required",
            field=models.JSONField(
                blank=True, db_default=[], default=list, verbose_name="has to be told at fulfilment"
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="answer",
            name="kind",
            field=models.CharField(blank=True, max_length=14, verbose_name="kind wished for"),
        ),
        migrations.AlterField(
            model_name="budget",
            name="kind",
            field=models.CharField(blank=True, default="", max_length=14, verbose_name="kind"),
        ),
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
                    ("message_sent", "Sent as a message"),
                ],
                max_length=18,
                verbose_name="how",
            ),
        ),
        migrations.AlterField(
            model_name="kindsetting",
            name="kind",
            field=models.CharField(max_length=14, primary_key=True, serialize=False, verbose_name="code"),
        ),
        migrations.AlterField(
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
                    ("letter", "a letter"),
                ],
                default="payment",
                max_length=8,
                verbose_name="what it takes",
            ),
        ),
        migrations.AlterField(
            model_name="offer",
            name="kind",
            field=models.CharField(max_length=14, verbose_name="kind"),
        ),
        migrations.AlterField(
            model_name="remedy",
            name="kind",
            field=models.CharField(max_length=14, verbose_name="kind"),
        ),
        migrations.AlterField(
            model_name="voucherrule",
            name="kind",
            field=models.CharField(max_length=14, unique=True, verbose_name="kind"),
        ),
        migrations.AddConstraint(
            model_name="kindsetting",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "refund",
                            "compensation",
                            "voucher",
                            "discount",
                            "free_service",
                            "upgrade",
                            "points",
                            "hotel",
                            "meal",
                            "gift",
                            "replacement",
                            "letter",
                        ],
                    ),
                    models.Q(
                        models.Q(("name_en", ""), _negated=True), models.Q(("name_zh", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="compensation_own_kind_has_names",
            ),
        ),
    ]
