"""Budgets of teams, and the team on whose behalf an offer was proposed."""

import django.db.models.deletion
from django.db import migrations, models

# A team and its branch are named together, so that no team pays for another branch.
OF_BRANCH = """
ALTER TABLE compensation_{table} ADD CONSTRAINT compensation_{table}_team_of_branch
    FOREIGN KEY (team_id, branch_id) REFERENCES accounts_team (id, branch_id) DEFERRABLE INITIALLY DEFERRED;
"""
OF_ANY = "ALTER TABLE compensation_{table} DROP CONSTRAINT compensation_{table}_team_of_branch;"

STAYS = """
CREATE FUNCTION compensation_keep_team() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'A budget keeps its team.'
        USING ERRCODE = 'check_violation', CONSTRAINT = 'compensation_budget_stays';
END $$;
CREATE TRIGGER compensation_budget_keeps_team BEFORE UPDATE OF team_id ON compensation_budget
    FOR EACH ROW WHEN (NEW.team_id IS DISTINCT FROM OLD.team_id) EXECUTE FUNCTION compensation_keep_team();
"""
GOES = """
DROP TRIGGER compensation_budget_keeps_team ON compensation_budget;
DROP FUNCTION compensation_keep_team();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_teams"),
        ("compensation", "0035_remedies_wait"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="budget",
            name="compensation_budget_once",
        ),
        migrations.RemoveConstraint(
            model_name="budget",
            name="compensation_budget_of_branch_or_named",
        ),
        migrations.AddField(
            model_name="budget",
            name="team",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.team",
                verbose_name="team",
            ),
        ),
        migrations.AddField(
            model_name="offer",
            name="team",
            field=models.ForeignKey(
                blank=True,
                db_constraint=False,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.team",
                verbose_name="team",
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.UniqueConstraint(
                fields=("branch", "team", "name", "kind", "currency", "starts_on"),
                name="compensation_budget_once",
                nulls_distinct=False,
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("branch__isnull", False), ("name", "")),
                    models.Q(
                        ("branch__isnull", True),
                        ("kind", ""),
                        ("team__isnull", True),
                        models.Q(("name", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="compensation_budget_of_branch_or_named",
            ),
        ),
        *(
            migrations.RunSQL(OF_BRANCH.format(table=table), OF_ANY.format(table=table))
            for table in ("budget", "offer")
        ),
        migrations.RunSQL(STAYS, GOES),
    ]
