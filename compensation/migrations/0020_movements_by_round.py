"""Let an offer set money aside once a round and spend it once in all, without keeping anyone from writing."""

from django.db import migrations, models

FORWARD = (
    """
    CREATE UNIQUE INDEX CONCURRENTLY compensation_movement_once_a_round
        ON compensation_budgetmovement (offer_id, budget_id, kind, round) WHERE offer_id IS NOT NULL
    """,
    """
    CREATE UNIQUE INDEX CONCURRENTLY compensation_movement_spends_once
        ON compensation_budgetmovement (offer_id, budget_id, kind)
        WHERE kind IN ('commit', 'claw_back') AND offer_id IS NOT NULL
    """,
    "ALTER TABLE compensation_budgetmovement DROP CONSTRAINT compensation_movement_once",
)
BACKWARD = (
    """
    ALTER TABLE compensation_budgetmovement
        ADD CONSTRAINT compensation_movement_once UNIQUE (offer_id, budget_id, kind)
    """,
    "DROP INDEX compensation_movement_spends_once",
    "DROP INDEX compensation_movement_once_a_round",
)


class Migration(migrations.Migration):
    atomic = False
    dependencies = (("compensation", "0019_approval_chains"),)
    operations = (
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(forward, backward)
                for forward, backward in zip(FORWARD, reversed(BACKWARD), strict=True)
            ],
            state_operations=[
                migrations.RemoveConstraint(model_name="budgetmovement", name="compensation_movement_once"),
                migrations.AddConstraint(
                    model_name="budgetmovement",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("offer__isnull", False)),
                        fields=("offer", "budget", "kind", "round"),
                        name="compensation_movement_once_a_round",
                    ),
                ),
                migrations.AddConstraint(
                    model_name="budgetmovement",
                    constraint=models.UniqueConstraint(
                        condition=models.Q(("kind__in", ("commit", "claw_back")), ("offer__isnull", False)),
                        fields=("offer", "budget", "kind"),
                        name="compensation_movement_spends_once",
                    ),
                ),
            ],
        ),
    )
