"""What must hold in the database after all kills, as queries that find what does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2

from recovery.services.layout import DATABASE_NAME, DATABASE_USER, Layout

# What the tellers wrote, and what the product has done since they began.
VIEWS = """
CREATE TEMP TABLE began AS SELECT
    now() AS at,
    (SELECT coalesce(max(id), 0) FROM messaging_outboxmessage) AS message,
    (SELECT coalesce(max(id), 0) FROM messaging_notice) AS notice,
    (SELECT coalesce(max(id), 0) FROM audit_event) AS event;
CREATE TEMP VIEW story AS SELECT * FROM cases_case WHERE order_reference LIKE 'KILL-%';
CREATE TEMP VIEW mail AS SELECT * FROM messaging_outboxmessage WHERE id > (SELECT message FROM began);
CREATE TEMP VIEW told AS SELECT * FROM messaging_notice WHERE id > (SELECT notice FROM began);
CREATE TEMP VIEW event AS SELECT * FROM audit_event WHERE id > (SELECT event FROM began);
CREATE TEMP VIEW asked AS SELECT * FROM feedback_invitation
    WHERE sent_at >= (SELECT at FROM began);
CREATE TEMP VIEW occasion AS
    SELECT 'acknowledgement:' || id AS key FROM story
    UNION ALL SELECT 'reply:' || t.id FROM cases_timelineentry t JOIN story c ON c.id = t.case_id
        WHERE t.kind = 'reply'
    UNION ALL SELECT 'survey:' || id FROM asked
    UNION ALL SELECT 'notice:' || dedupe_key FROM told;
"""

# Each finds what must not be: name → query.
WRONGS = {
    "a complaint that is there twice": """
        SELECT order_reference FROM story GROUP BY 1 HAVING count(*) <> 1""",
    "a customer who is there twice, or without a complaint": """
        SELECT p.value FROM customers_contactpoint p LEFT JOIN story c ON c.customer_id = p.customer_id
        WHERE p.value LIKE 'kill-%' GROUP BY 1 HAVING count(*) <> 1 OR count(c.id) <> 1""",
    "a case that is half written": """
        SELECT number FROM story c WHERE
            (SELECT count(*) FROM cases_recoverystep WHERE case_id = c.id) < 6
            OR (SELECT count(*) FROM cases_clock WHERE case_id = c.id) <> 2
            OR (SELECT count(*) FROM audit_event
                WHERE stream = 'case:' || c.id AND sequence = 1 AND verb = 'case.logged') <> 1""",
    "an occasion without its mail, or a mail without its occasion": """
        SELECT key, dedupe_key FROM occasion FULL JOIN mail ON key = dedupe_key
        WHERE key IS NULL OR dedupe_key IS NULL""",
    "a mail that was not sent exactly once": """
        SELECT dedupe_key, state, attempts FROM mail
        WHERE state <> 'sent' OR attempts <> 1 OR sent_at IS NULL""",
    "a reply that is there twice": """
        SELECT t.body FROM cases_timelineentry t JOIN story c ON c.id = t.case_id
        WHERE t.kind = 'reply' GROUP BY 1 HAVING count(*) <> 1""",
    "a complaint with more or less than one fulfilled offer": """
        SELECT c.number FROM story c LEFT JOIN compensation_offer o
            ON o.case_id = c.id AND o.state = 'fulfilled'
        WHERE c.state = 'resolved' GROUP BY 1 HAVING count(o.id) <> 1""",
    "an offer that is there twice": """
        SELECT o.purpose FROM compensation_offer o JOIN story c ON c.id = o.case_id
        GROUP BY 1 HAVING count(*) <> 1""",
    "a resolved case without exactly one survey that went out": """
        SELECT c.number FROM story c LEFT JOIN asked i ON i.case_id = c.id
        WHERE c.state = 'resolved' GROUP BY 1 HAVING count(i.id) <> 1""",
    "a survey that was recorded twice, or not": """
        SELECT c.number FROM story c WHERE c.state = 'resolved' AND (
            (SELECT count(*) FROM event WHERE stream = 'case:' || c.id AND verb = 'survey.sent') <> 1
            OR (SELECT count(*) FROM event WHERE stream = 'case:' || c.id AND verb = 'case.resolved') <> 1
            OR (SELECT count(*) FROM cases_timelineentry
                WHERE case_id = c.id AND body = 'Asked the customer whether it worked.') <> 1
            OR EXISTS (SELECT FROM cases_recoverystep
                WHERE case_id = c.id AND kind = 'follow_up' AND state <> 'done'))""",
    "a low score without exactly one follow-up that someone was told of": """
        SELECT c.number FROM story c JOIN feedback_response r ON r.case_id = c.id WHERE
            (SELECT count(*) FROM feedback_followup WHERE case_id = c.id) <> (r.satisfaction <= 2)::int
            OR (SELECT count(*) FROM event
                WHERE stream = 'case:' || c.id AND verb = 'follow_up.opened') <> (r.satisfaction <= 2)::int
            OR (SELECT count(*) FROM feedback_followup f JOIN told t
                ON t.dedupe_key LIKE 'follow-up:' || f.id || ':%' AND t.user_id = f.assignee_id
                WHERE f.case_id = c.id) <> (r.satisfaction <= 2)::int""",
    "a clock of a case left open whose levels did not fire one by one": """
        SELECT c.number, k.metric, k.level FROM story c JOIN cases_clock k ON k.case_id = c.id
        WHERE c.state = 'open' AND (k.level <> 3 OR k.next_alert_at IS NOT NULL OR ARRAY[1, 2, 3] <> ARRAY(
            SELECT (data->>'level')::int FROM event
            WHERE stream = 'clock:' || k.id AND verb = 'clock.escalated' ORDER BY sequence))""",
    "a level that fired twice": """
        SELECT stream, data->>'level' FROM event WHERE verb = 'clock.escalated'
        GROUP BY 1, 2 HAVING count(*) <> 1""",
    "someone who should have been told of a level and was not, or the other way round": """
        SELECT * FROM (
            SELECT stream || ':' || (data->>'level') || ':' || jsonb_array_elements_text(data->'told') AS due
            FROM event WHERE verb = 'clock.escalated'
        ) AS due FULL JOIN (SELECT dedupe_key FROM told WHERE dedupe_key LIKE 'clock:%') AS told
            ON dedupe_key = due
        WHERE due IS NULL OR dedupe_key IS NULL""",
}

# What still has to happen: counts of rows.
UNDONE = """
SELECT (SELECT count(*) FROM mail WHERE state IN ('queued', 'sending')),
    (SELECT count(*) FROM feedback_invitation WHERE state = 'scheduled' AND due_at <= now()),
    (SELECT count(*) FROM cases_clock WHERE next_alert_at <= now())
"""

# A clock runs out the sooner the longer ago it began; from here on all is up to the product's sweep.
RUN_OUT = """
UPDATE cases_clock k SET started_at = now() - interval '90 days', due_at = now() - interval '60 days',
    next_alert_at = now()
FROM cases_case c WHERE c.id = k.case_id AND k.state = 'running' AND k.level = 0 AND c.number = ANY(%s)
"""


class Facts:
    """A look into the product's database beside the product."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.rows(VIEWS)

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []

    def undone(self) -> tuple[int, ...]:
        """How many mails, surveys and alerts are due."""
        return self.rows(UNDONE)[0]

    def let_clocks_run_out(self, numbers: list[str]) -> None:
        self.rows(RUN_OUT, numbers)

    def wrongs(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything that is not as it must be."""
        found = {name: self.rows(query) for name, query in WRONGS.items()}
        return {name: rows for name, rows in found.items() if rows}


@contextmanager
def facts_of(layout: Layout) -> Iterator[Facts]:
    """From now on what the product does counts."""
    connection = psycopg2.connect(
        host=str(layout.postgres_socket_dir), dbname=DATABASE_NAME, user=DATABASE_USER
    )
    connection.autocommit = True
    try:
        yield Facts(connection)
    finally:
        connection.close()
