"""The states of an offer between approval and the customer: offered, answered, expired, failed, clawed back."""

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import common.choices
import common.money

# The database guards the moves of an offer, and counts as granted whatever money is set aside or spent for.
GRANTED = "('approved', 'offered', 'accepted', 'failed', 'fulfilled')"
GRANTED_BEFORE = "('approved', 'fulfilled')"

# The type of a column can't change while triggers look at it.
TRIGGERS_OFF = """
DROP TRIGGER compensation_grant_checked ON compensation_offer;
DROP TRIGGER compensation_new_grant_checked ON compensation_offer;
DROP TRIGGER compensation_offer_like_key ON compensation_offer;
"""


def triggers_on(granted: str) -> str:
    """The triggers of offers, and of approvals what they sum up, with these states counted as granted."""
    return f"""
CREATE TRIGGER compensation_offer_like_key BEFORE INSERT OR UPDATE OF state ON compensation_offer
    FOR EACH ROW WHEN (NEW.state IN {granted} AND NEW.like_key = '')
    EXECUTE FUNCTION compensation_fill_like_key();
CREATE CONSTRAINT TRIGGER compensation_new_grant_checked AFTER INSERT ON compensation_offer
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.state IN {granted}) EXECUTE FUNCTION compensation_check_grant();
CREATE CONSTRAINT TRIGGER compensation_grant_checked
    AFTER UPDATE OF state, granted_amount, within_authority, proposer_id ON compensation_offer
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.state IN {granted} AND (
        OLD.state NOT IN {granted}
        OR (NEW.granted_amount, NEW.within_authority, NEW.proposer_id)
            IS DISTINCT FROM (OLD.granted_amount, OLD.within_authority, OLD.proposer_id)))
    EXECUTE FUNCTION compensation_check_grant();

CREATE OR REPLACE FUNCTION compensation_check_approval() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    offer compensation_offer%ROWTYPE;
    authority numeric;
    granted numeric;
BEGIN
    SELECT * INTO STRICT offer FROM compensation_offer WHERE id = NEW.offer_id;
    IF offer.proposer_id <> NEW.proposer_id OR offer.proposer_id = NEW.approver_id THEN
        RAISE EXCEPTION 'Nobody approves their own proposal.'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_nobody_approves_their_own';
    END IF;
    IF NEW.decision = 'approved' THEN
        authority := compensation_authority(
            NEW.approver_id, offer.currency, compensation_day(offer.case_id, NEW.at));
        SELECT coalesce(sum(o.granted_amount), 0) INTO granted FROM compensation_offer o
            WHERE o.case_id = offer.case_id AND o.currency = offer.currency AND o.id <> offer.id
              AND o.state IN {granted};
        IF authority IS NULL OR granted + NEW.amount > authority OR NEW.amount > offer.amount THEN
            RAISE EXCEPTION 'Nobody approves above their authority.'
                USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_approval_within_limit';
        END IF;
    END IF;
    RETURN NEW;
END $$;
"""  # noqa: S608  # states of this file


MOVES_GUARDED = """
CREATE FUNCTION compensation_check_move() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.state, NEW.state) NOT IN (
        ('draft', 'waiting'), ('draft', 'approved'), ('draft', 'cancelled'),
        ('waiting', 'approved'), ('waiting', 'rejected'), ('waiting', 'cancelled'),
        ('approved', 'offered'), ('approved', 'fulfilled'), ('approved', 'failed'), ('approved', 'cancelled'),
        ('offered', 'accepted'), ('offered', 'declined'), ('offered', 'countered'), ('offered', 'expired'),
        ('offered', 'cancelled'),
        ('accepted', 'fulfilled'), ('accepted', 'failed'), ('accepted', 'cancelled'),
        ('failed', 'fulfilled'), ('failed', 'cancelled'),
        ('fulfilled', 'clawed_back')
    ) THEN
        RAISE EXCEPTION 'An offer does not go from % to %.', OLD.state, NEW.state
            USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_offer_moves';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER compensation_offer_moves BEFORE UPDATE OF state ON compensation_offer
    FOR EACH ROW WHEN (OLD.state <> NEW.state) EXECUTE FUNCTION compensation_check_move();

CREATE TRIGGER compensation_answer_append_only BEFORE UPDATE OR DELETE ON compensation_answer
    FOR EACH ROW EXECUTE FUNCTION amends_refuse_change();
CREATE TRIGGER compensation_setback_append_only BEFORE UPDATE OR DELETE ON compensation_setback
    FOR EACH ROW EXECUTE FUNCTION amends_refuse_change();
"""
MOVES_FREE = """
DROP TRIGGER compensation_setback_append_only ON compensation_setback;
DROP TRIGGER compensation_answer_append_only ON compensation_answer;
DROP TRIGGER compensation_offer_moves ON compensation_offer;
DROP FUNCTION compensation_check_move();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_api_token"),
        ("cases", "0008_queue_views_by_index"),
        ("compensation", "0004_authority_by_the_branchs_day"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(TRIGGERS_OFF, triggers_on(GRANTED_BEFORE)),
        migrations.CreateModel(
            name="Answer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "answer",
                    models.CharField(
                        choices=[
                            ("accepted", "accepts"),
                            ("declined", "declines"),
                            ("countered", "asks for something else"),
                        ],
                        max_length=9,
                        verbose_name="answer",
                    ),
                ),
                (
                    "channel",
                    models.CharField(
                        choices=[
                            ("phone", "by phone"),
                            ("email", "by e-mail"),
                            ("counter", "at the counter"),
                        ],
                        max_length=8,
                        verbose_name="how",
                    ),
                ),
                (
                    "words",
                    models.CharField(blank=True, max_length=500, verbose_name="in the customer's words"),
                ),
                (
                    "amount",
                    common.money.AmountField(
                        blank=True,
                        decimal_places=4,
                        max_digits=14,
                        null=True,
                        verbose_name="amount wished for",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("refund", "Refund"),
                            ("compensation", "Compensation payment"),
                            ("voucher", "Voucher"),
                            ("discount", "Discount"),
                            ("free_service", "Free service"),
                            ("upgrade", "Upgrade"),
                            ("points", "Points or miles"),
                            ("hotel", "Hotel"),
                            ("meal", "Meal"),
                            ("gift", "Gift"),
                        ],
                        max_length=14,
                        verbose_name="kind wished for",
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="at")),
            ],
            options={
                "verbose_name": "customer's answer",
                "verbose_name_plural": "customers' answers",
            },
            bases=(common.choices.QuickLabels, models.Model),
        ),
        migrations.CreateModel(
            name="KindSetting",
            fields=[
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("refund", "Refund"),
                            ("compensation", "Compensation payment"),
                            ("voucher", "Voucher"),
                            ("discount", "Discount"),
                            ("free_service", "Free service"),
                            ("upgrade", "Upgrade"),
                            ("points", "Points or miles"),
                            ("hotel", "Hotel"),
                            ("meal", "Meal"),
                            ("gift", "Gift"),
                        ],
                        max_length=14,
                        primary_key=True,
                        serialize=False,
                        verbose_name="kind",
                    ),
                ),
                (
                    "asks_customer",
                    models.BooleanField(default=False, verbose_name="the customer is asked first"),
                ),
                (
                    "answer_days",
                    models.PositiveSmallIntegerField(
                        default=14,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(366),
                        ],
                        verbose_name="days to answer",
                    ),
                ),
                (
                    "due_days",
                    models.PositiveSmallIntegerField(
                        default=5,
                        validators=[
                            django.core.validators.MinValueValidator(1),
                            django.core.validators.MaxValueValidator(366),
                        ],
                        verbose_name="business days until it arrives",
                    ),
                ),
            ],
            options={
                "verbose_name": "handling of a kind of offer",
                "verbose_name_plural": "handling of kinds of offers",
            },
            bases=(common.choices.QuickLabels, models.Model),
        ),
        migrations.CreateModel(
            name="Setback",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("failed", "did not arrive"), ("clawed_back", "clawed back")],
                        max_length=11,
                        verbose_name="kind",
                    ),
                ),
                ("reason", models.CharField(max_length=500, verbose_name="reason")),
                ("at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="at")),
            ],
            options={
                "verbose_name": "setback",
                "verbose_name_plural": "setbacks",
                "ordering": ("id",),
            },
            bases=(common.choices.QuickLabels, models.Model),
        ),
        migrations.RemoveConstraint(
            model_name="offer",
            name="compensation_granted_offer_is_complete",
        ),
        migrations.AddField(
            model_name="offer",
            name="due_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="promised by"),
        ),
        migrations.AddField(
            model_name="offer",
            name="expires_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="answer due"),
        ),
        migrations.AddField(
            model_name="offer",
            name="next_reminder_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="offer",
            name="offered_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="offered to the customer"),
        ),
        migrations.AddField(
            model_name="offer",
            name="parent",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="counters",
                to="compensation.offer",
                verbose_name="in answer to",
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="reminded_level",
            field=models.PositiveSmallIntegerField(db_default=0, default=0, editable=False),
        ),
        migrations.AlterField(
            model_name="budgetmovement",
            name="kind",
            field=models.CharField(
                choices=[
                    ("reserve", "Reserved"),
                    ("commit", "Committed"),
                    ("release", "Released"),
                    ("claw_back", "Clawed back"),
                ],
                max_length=9,
                verbose_name="kind",
            ),
        ),
        migrations.AlterField(
            model_name="offer",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "Draft"),
                    ("waiting", "Waiting for approval"),
                    ("approved", "Approved"),
                    ("offered", "Offered to the customer"),
                    ("accepted", "Accepted by the customer"),
                    ("declined", "Declined by the customer"),
                    ("countered", "Customer asked for something else"),
                    ("expired", "Expired"),
                    ("rejected", "Rejected"),
                    ("cancelled", "Withdrawn"),
                    ("fulfilled", "Fulfilled"),
                    ("failed", "Did not arrive"),
                    ("clawed_back", "Clawed back"),
                ],
                default="waiting",
                max_length=11,
                verbose_name="state",
            ),
        ),
        migrations.AddIndex(
            model_name="offer",
            index=models.Index(
                condition=models.Q(("state", "offered")),
                fields=["expires_at", "id"],
                name="compensation_offer_expiring",
            ),
        ),
        migrations.AddIndex(
            model_name="offer",
            index=models.Index(
                condition=models.Q(("next_reminder_at__isnull", False)),
                fields=["next_reminder_at", "id"],
                name="compensation_promise_due",
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("state__in", ("approved", "offered", "accepted", "failed", "fulfilled")),
                        _negated=True,
                    ),
                    models.Q(("decided_at__isnull", False), ("granted_amount__isnull", False)),
                    _connector="OR",
                ),
                name="compensation_granted_offer_is_complete",
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "offered"), _negated=True),
                    models.Q(("expires_at__isnull", False), ("offered_at__isnull", False)),
                    _connector="OR",
                ),
                name="compensation_offered_has_an_end",
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("expires_at__isnull", True), ("expires_at__gt", models.F("offered_at")), _connector="OR"
                ),
                name="compensation_offer_open_for_a_while",
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(("parent", models.F("id")), _negated=True),
                name="compensation_offer_answers_another",
            ),
        ),
        migrations.AddField(
            model_name="answer",
            name="offer",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="answer",
                to="compensation.offer",
                verbose_name="offer",
            ),
        ),
        migrations.AddField(
            model_name="answer",
            name="recorded_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="recorded by",
            ),
        ),
        migrations.AddConstraint(
            model_name="kindsetting",
            constraint=models.CheckConstraint(
                condition=models.Q(("answer_days__range", (1, 366)), ("due_days__range", (1, 366))),
                name="compensation_kind_days",
            ),
        ),
        migrations.AddField(
            model_name="setback",
            name="offer",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="setbacks",
                to="compensation.offer",
                verbose_name="offer",
            ),
        ),
        migrations.AddField(
            model_name="setback",
            name="recorded_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="recorded by",
            ),
        ),
        migrations.AddConstraint(
            model_name="answer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answer", "countered"), _negated=True),
                    models.Q(("amount__gt", 0), models.Q(("kind", ""), _negated=True)),
                    _connector="OR",
                ),
                name="compensation_counter_says_what",
            ),
        ),
        migrations.AddConstraint(
            model_name="setback",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True), name="compensation_setback_has_reason"
            ),
        ),
        migrations.RunSQL(triggers_on(GRANTED), TRIGGERS_OFF),
        migrations.RunSQL(MOVES_GUARDED, MOVES_FREE),
    ]
