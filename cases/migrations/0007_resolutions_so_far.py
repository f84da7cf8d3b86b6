"""Write the resolutions of the cases on record, and take from the index of cases what only they needed.

A case holds its last resolution; the audit trail tells when and how the earlier ones ended, though not in words.
Batches of their own transactions keep locks short on millions of cases, and a run that was broken off goes on
where it was.
"""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

BATCH = 10_000

# Rounds count from 1; a case that is open again has its last resolution in the round before.
INSERT = """
INSERT INTO cases_resolution
    (case_id, round, at, outcome, cause_id, by_id, text, reason, branch_id, channel, failure_type, defect_id)
"""
LAST_ROUND = "greatest(c.reopened_count + (c.state = 'resolved')::int, 1)"
LAST = f"""
{INSERT}
SELECT c.id, {LAST_ROUND}, c.resolved_at, c.outcome, c.cause_id,
    (SELECT e.actor_id FROM audit_event e WHERE e.stream = 'case:' || c.id AND e.verb = 'case.resolved'
        ORDER BY e.sequence DESC LIMIT 1),
    c.resolution, c.resolve_reason, c.branch_id, c.channel, c.failure_type, c.defect_id
FROM cases_case c
WHERE c.id BETWEEN %s AND %s AND c.resolved_at IS NOT NULL AND c.outcome <> ''
ON CONFLICT (case_id, round) DO NOTHING
"""  # noqa: S608  # our own words
EARLIER = f"""
{INSERT}
SELECT c.id, {LAST_ROUND} - e.before_last, e.at, e.data ->> 'outcome', cause.id, e.actor_id,
    '', coalesce(e.data ->> 'reason', ''), c.branch_id, c.channel, c.failure_type, c.defect_id
FROM cases_case c
CROSS JOIN LATERAL (
    SELECT at, data, actor_id, row_number() OVER (ORDER BY sequence DESC) - 1 AS before_last
    FROM audit_event WHERE stream = 'case:' || c.id AND verb = 'case.resolved'
) e
LEFT JOIN cases_cause cause ON cause.code = e.data ->> 'cause'
WHERE c.id BETWEEN %s AND %s AND c.reopened_count > 0 AND c.resolved_at IS NOT NULL
    AND e.before_last BETWEEN 1 AND {LAST_ROUND} - 1 AND e.data ->> 'outcome' <> ''
ON CONFLICT (case_id, round) DO NOTHING
"""  # noqa: S608  # our own words


def write_resolutions(apps: Any, schema_editor: Any) -> None:
    with schema_editor.connection.cursor() as cursor:
        cursor.execute("SELECT min(id), max(id) FROM cases_case")
        first, last = cursor.fetchone()
        for start in range(first, last + 1, BATCH) if last else ():
            piece = [start, start + BATCH - 1]
            cursor.execute(LAST, piece)
            cursor.execute(EARLIER, piece)


RESOLVED = models.Q(("resolved_at__isnull", False))


class Migration(migrations.Migration):
    atomic = False
    dependencies = (("cases", "0006_resolution"),)
    operations = (
        migrations.RunPython(write_resolutions, migrations.RunPython.noop, elidable=True),
        RemoveIndexConcurrently("case", "cases_resolved"),
        AddIndexConcurrently(
            "case", models.Index(condition=RESOLVED, fields=["resolved_at", "id"], name="cases_resolved")
        ),
    )
