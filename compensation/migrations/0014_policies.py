"""Policies with versions that never change once in force, and what they said about an offer."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import common.choices
import common.money

FROZEN = """
CREATE FUNCTION compensation_freeze_policy() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.state = 'draft' THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    -- All that may still happen is that it ends.
    IF TG_OP = 'UPDATE' AND OLD.state = 'in_force' AND NEW.state = 'retired'
        AND to_jsonb(NEW) - 'state' - 'ended_on' = to_jsonb(OLD) - 'state' - 'ended_on' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'What has been in force is never changed.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_policy_frozen';
END $$;
CREATE TRIGGER compensation_policy_frozen BEFORE UPDATE OR DELETE ON compensation_policyversion
    FOR EACH ROW EXECUTE FUNCTION compensation_freeze_policy();
"""
THAWED = """
DROP TRIGGER compensation_policy_frozen ON compensation_policyversion;
DROP FUNCTION compensation_freeze_policy();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_api_token"),
        ("cases", "0008_queue_views_by_index"),
        ("compensation", "0013_remedies_guarded"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Policy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name_en", models.CharField(max_length=120, verbose_name="name in English")),
                ("name_zh", models.CharField(max_length=120, verbose_name="name in Chinese")),
                ("code", models.SlugField(max_length=40, unique=True, verbose_name="code")),
                ("jurisdiction", models.CharField(blank=True, max_length=2, verbose_name="jurisdiction")),
                ("owner", models.CharField(blank=True, max_length=120, verbose_name="who answers for it")),
                ("source", models.CharField(blank=True, max_length=250, verbose_name="source")),
            ],
            options={
                "verbose_name": "policy",
                "verbose_name_plural": "policies",
                "ordering": ("code",),
            },
        ),
        migrations.CreateModel(
            name="PolicyVersion",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveSmallIntegerField(verbose_name="version")),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "Draft"), ("in_force", "In force"), ("retired", "Retired")],
                        default="draft",
                        max_length=8,
                        verbose_name="state",
                    ),
                ),
                ("effective_from", models.DateField(blank=True, null=True, verbose_name="in force from")),
                ("ended_on", models.DateField(blank=True, null=True, verbose_name="in force until before")),
                ("rules", models.JSONField(blank=True, default=list, verbose_name="rules")),
                ("note", models.CharField(blank=True, max_length=250, verbose_name="what changed")),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now, verbose_name="made")),
            ],
            options={
                "verbose_name": "version of a policy",
                "verbose_name_plural": "versions of policies",
                "ordering": ("policy", "-number"),
            },
            bases=(common.choices.QuickLabels, models.Model),
        ),
        migrations.AddField(
            model_name="offer",
            name="deviation_reason",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=500, verbose_name="why it leaves the policy"
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="policy_facts",
            field=models.JSONField(
                blank=True, db_default={}, default=dict, verbose_name="facts given for the policy"
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="policy_high",
            field=common.money.AmountField(
                blank=True, decimal_places=4, max_digits=14, null=True, verbose_name="policy’s maximum"
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="policy_low",
            field=common.money.AmountField(
                blank=True, decimal_places=4, max_digits=14, null=True, verbose_name="policy’s minimum"
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="policy_rules",
            field=models.JSONField(
                blank=True, db_default=[], default=list, verbose_name="rules that applied"
            ),
        ),
        migrations.AddConstraint(
            model_name="offer",
            constraint=models.CheckConstraint(
                condition=models.Q(("within_authority", False), ("deviation_reason", ""), _connector="OR"),
                name="compensation_nobody_leaves_policy_alone",
            ),
        ),
        migrations.AddField(
            model_name="policyversion",
            name="author",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="author",
            ),
        ),
        migrations.AddField(
            model_name="policyversion",
            name="policy",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="versions",
                to="compensation.policy",
                verbose_name="policy",
            ),
        ),
        migrations.AddConstraint(
            model_name="policyversion",
            constraint=models.UniqueConstraint(
                fields=("policy", "number"), name="compensation_policy_number_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="policyversion",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "draft")),
                fields=("policy",),
                name="compensation_policy_one_draft",
            ),
        ),
        migrations.AddConstraint(
            model_name="policyversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("state", "draft"), ("effective_from__isnull", False), _connector="OR"),
                name="compensation_policy_has_a_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="policyversion",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_on__isnull", False), ("state", "retired")),
                    models.Q(models.Q(("state", "retired"), _negated=True), ("ended_on__isnull", True)),
                    _connector="OR",
                ),
                name="compensation_policy_retired_has_an_end",
            ),
        ),
        migrations.RunSQL(FROZEN, THAWED),
    ]
