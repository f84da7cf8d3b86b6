"""What internal audit asks about: patterns in what was granted in a period, each with the offers it rests on.

Every statement starts from the index of grants by the time of their decision, so that its cost is that of the
period. Grants that were given back since do not count.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from compensation.exception_rules import Thresholds, is_bunched, is_split, is_tied
from compensation.models import Offer

# What a page and a file take of each kind; the gravest come first.
MOST_FOUND = 200
# Offers that a finding leads to.
MOST_OFFERS = 50


@dataclass(frozen=True, slots=True)
class Scope:
    """A period, from its first moment to the one after its last, and branches (None: every branch)."""

    since: dt.datetime
    until: dt.datetime
    branch_ids: frozenset[int] | None


@dataclass(frozen=True, slots=True)
class NearLimit:
    """A person whose grants crowd just below what they may give, alone or as an approver.

    Of `decided` grants in the currency `near` took their case to within the band below the limit in force
    then, and `below` to within the band of the same width below that. `amount` is that of the near ones.
    """

    person_id: int
    currency: str
    decided: int
    near: int
    below: int
    amount: Decimal
    offer_ids: list[int]


@dataclass(frozen=True, slots=True)
class Split:
    """Several grants on one case close upon each other. `alone` is the least that one of those who granted
    a part alone could have granted at once; None where nobody granted alone.
    """

    case_id: int
    currency: str
    parts: int
    total: Decimal
    alone: Decimal | None
    first_at: dt.datetime
    last_at: dt.datetime
    offer_ids: list[int]


@dataclass(frozen=True, slots=True)
class Returning:
    """A customer who was granted something on case after case; `most_by` proposed `by_same` of the grants."""

    customer_id: int
    currency: str
    cases: int
    grants: int
    amount: Decimal
    most_by: int
    by_same: int
    offer_ids: list[int]


@dataclass(frozen=True, slots=True)
class Pair:
    """An approver who decides on most of what one proposer asks for in a branch.

    `usual` is the approver's share of the decisions on the other proposers' offers there, `others` their
    number; `rejected` of the pair's `decided` were refused.
    """

    branch_id: int
    proposer_id: int
    approver_id: int
    decided: int
    rejected: int
    of_proposer: int
    others: int
    usual: Decimal | None
    offer_ids: list[int]


def near_limit(scope: Scope, thresholds: Thresholds) -> list[NearLimit]:
    """Who decides just below their limit again and again, the most often first."""
    given = _given(scope, near=thresholds.near_from, below=thresholds.below_from, least=thresholds.near_least)
    found = [NearLimit(*row) for row in _rows(_NEAR_LIMIT, given)]
    return [each for each in found if is_bunched(each.near, each.below, thresholds.near_least)]


def splits(scope: Scope, thresholds: Thresholds) -> list[Split]:
    """Cases on which grants follow each other within days, the largest sum first."""
    found = [Split(*row) for row in _rows(_SPLITS, _given(scope, days=thresholds.split_days))]
    least = thresholds.split_parts
    return [each for each in found if is_split(each.parts, each.total, each.alone, least)]


def returning(scope: Scope, thresholds: Thresholds) -> list[Returning]:
    """Customers who were granted something on several cases, the most often first."""
    return [Returning(*row) for row in _rows(_RETURNING, _given(scope, least=thresholds.customer_cases))]


def pairs(scope: Scope, thresholds: Thresholds) -> list[Pair]:
    """Proposers and approvers who meet out of proportion, the most often first."""
    least, percent = thresholds.pair_least, thresholds.pair_percent
    found = []
    for row in _rows(_PAIRS, _given(scope, least=least)):
        branch, proposer, approver, decided, rejected, of_proposer, of_approver, of_branch, ids = row
        others = of_branch - of_proposer
        usual = Decimal(of_approver - decided) / others if others else None
        if is_tied(decided, of_proposer, usual, least, percent):
            pair = Pair(branch, proposer, approver, decided, rejected, of_proposer, others, usual, ids)
            found.append(pair)
    return found


def offers_found(keys: Iterable[int]) -> dict[int, Offer]:
    """The offers of findings with their case, customer and people; one query."""
    rows = Offer.objects.filter(pk__in=set(keys)).select_related(
        "case__customer", "branch", "proposer", "approval__approver"
    )
    deferred = ("case__search", "case__customer__search", "case__description", "case__suggestion")
    return {offer.pk: offer for offer in rows.defer(*deferred)}


def _given(scope: Scope, **more: Any) -> dict[str, Any]:
    branches = None if scope.branch_ids is None else sorted(scope.branch_ids)
    fixed = {"since": scope.since, "until": scope.until, "branches": branches}
    return {**fixed, "most": MOST_FOUND, "offers": MOST_OFFERS, **more}


def _rows(sql: str, given: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        return list(cursor.fetchall())


# The authority in force is asked for once for each person and kind of grant since the day on which any last
# changed, not for each grant. A zone that PostgreSQL does not know is taken for UTC, as the guards do.
_NEAR_LIMIT = """
    WITH zones AS MATERIALIZED (
        SELECT b.id, CASE WHEN z.name IS NULL THEN 'UTC' ELSE b.time_zone END AS zone
        FROM accounts_branch b LEFT JOIN pg_timezone_names z ON z.name = b.time_zone
    ), granted AS MATERIALIZED (
        SELECT o.id, o.case_id, o.currency, o.granted_amount, o.decided_at, o.within_authority,
            o.kind, o.basis, o.proposer_id, a.approver_id, a."limit",
            (o.decided_at AT TIME ZONE zones.zone)::date AS day
        FROM compensation_offer o
        JOIN zones ON zones.id = o.branch_id
        LEFT JOIN compensation_approval a ON a.offer_id = o.id
        WHERE o.state IN ('approved', 'offered', 'accepted', 'failed', 'fulfilled') AND o.granted_amount > 0
            AND o.decided_at >= %(since)s AND o.decided_at < %(until)s
            AND (%(branches)s::bigint[] IS NULL OR o.branch_id = ANY(%(branches)s))
            AND (o.within_authority OR a.id IS NOT NULL)
    ), since AS MATERIALIZED (
        SELECT days.day AS of_day, (
            SELECT max(a.valid_from) FROM accounts_authority a WHERE a.valid_from <= days.day
        ) AS day
        FROM (SELECT DISTINCT day FROM granted) days
    ), alone AS MATERIALIZED (
        SELECT of.*, l.per_case, l.kind AS of_kind, l.basis AS on_basis
        FROM (
            SELECT DISTINCT g.proposer_id, g.currency, g.kind, g.basis, since.day
            FROM granted g JOIN since ON since.of_day = g.day WHERE g.within_authority
        ) of
        CROSS JOIN compensation_limit(of.proposer_id, of.currency, of.kind, of.basis, of.day) l
    ), reached AS MATERIALIZED (
        SELECT g.id, g.currency, g.granted_amount, g.decided_at,
            CASE WHEN g.within_authority THEN g.proposer_id ELSE g.approver_id END AS person,
            (
                SELECT sum(e.granted_amount) FROM compensation_offer e
                WHERE e.case_id = g.case_id AND e.currency = g.currency
                    AND e.state IN ('approved', 'offered', 'accepted', 'failed', 'fulfilled')
                    AND (e.decided_at, e.id) <= (g.decided_at, g.id)
                    AND coalesce(alone.of_kind, '') IN ('', e.kind)
                    AND coalesce(alone.on_basis, '') IN ('', e.basis)
            ) / nullif(CASE WHEN g.within_authority THEN alone.per_case ELSE g."limit" END, 0) AS share
        FROM granted g
        JOIN since ON since.of_day = g.day
        LEFT JOIN alone ON g.within_authority AND alone.proposer_id = g.proposer_id
            AND alone.currency = g.currency AND alone.day = since.day AND alone.kind = g.kind
            AND alone.basis = g.basis
    ), banded AS (
        SELECT *, share >= %(near)s AND share <= 1 AS is_near,
            share >= %(below)s AND share < %(near)s AS is_below
        FROM reached
    )
    SELECT person, currency, count(*), count(*) FILTER (WHERE is_near), count(*) FILTER (WHERE is_below),
        sum(granted_amount) FILTER (WHERE is_near),
        (array_agg(id ORDER BY decided_at DESC, id DESC) FILTER (WHERE is_near))[1:%(offers)s]
    FROM banded
    GROUP BY person, currency
    HAVING count(*) FILTER (WHERE is_near) >= greatest(1, %(least)s)
    ORDER BY 4 DESC, 6 DESC, person, currency LIMIT %(most)s
"""

# Grants of a case belong together while no gap between two of them is longer than the days given.
_SPLITS = """
    WITH zones AS MATERIALIZED (
        SELECT b.id, CASE WHEN z.name IS NULL THEN 'UTC' ELSE b.time_zone END AS zone
        FROM accounts_branch b LEFT JOIN pg_timezone_names z ON z.name = b.time_zone
    ), granted AS (
        SELECT o.id, o.case_id, o.currency, o.granted_amount, o.decided_at,
            o.decided_at - lag(o.decided_at) OVER same <= make_interval(days => %(days)s) AS follows
        FROM compensation_offer o
        WHERE o.state IN ('approved', 'offered', 'accepted', 'failed', 'fulfilled') AND o.granted_amount > 0
            AND o.decided_at >= %(since)s AND o.decided_at < %(until)s
            AND (%(branches)s::bigint[] IS NULL OR o.branch_id = ANY(%(branches)s))
        WINDOW same AS (PARTITION BY o.case_id, o.currency ORDER BY o.decided_at, o.id)
    ), runs AS (
        SELECT *, count(*) FILTER (WHERE follows IS NOT TRUE)
            OVER (PARTITION BY case_id, currency ORDER BY decided_at, id) AS run
        FROM granted
    ), found AS (
        SELECT case_id, currency, count(*) AS parts, sum(granted_amount) AS total,
            min(decided_at) AS first_at, max(decided_at) AS last_at,
            array_agg(id ORDER BY decided_at, id) AS ids
        FROM runs GROUP BY case_id, currency, run HAVING count(*) > 1
        ORDER BY total DESC, case_id LIMIT %(most)s
    )
    SELECT f.case_id, f.currency, f.parts, f.total, (
            SELECT min(l.per_case)
            FROM compensation_offer o JOIN zones ON zones.id = o.branch_id
            CROSS JOIN compensation_limit(o.proposer_id, o.currency, o.kind, o.basis,
                (o.decided_at AT TIME ZONE zones.zone)::date) l
            WHERE o.id = ANY(f.ids) AND o.within_authority
        ), f.first_at, f.last_at, f.ids[1:%(offers)s]
    FROM found f ORDER BY f.total DESC, f.case_id
"""

_RETURNING = """
    WITH granted AS (
        SELECT o.id, c.customer_id, o.case_id, o.currency, o.granted_amount, o.decided_at, o.proposer_id,
            count(*) OVER (PARTITION BY c.customer_id, o.currency, o.proposer_id) AS by_same
        FROM compensation_offer o JOIN cases_case c ON c.id = o.case_id
        WHERE o.state IN ('approved', 'offered', 'accepted', 'failed', 'fulfilled') AND o.granted_amount > 0
            AND o.decided_at >= %(since)s AND o.decided_at < %(until)s
            AND (%(branches)s::bigint[] IS NULL OR o.branch_id = ANY(%(branches)s))
    )
    SELECT customer_id, currency, count(DISTINCT case_id), count(*), sum(granted_amount),
        (array_agg(proposer_id ORDER BY by_same DESC, proposer_id))[1], max(by_same),
        (array_agg(id ORDER BY decided_at DESC, id DESC))[1:%(offers)s]
    FROM granted GROUP BY customer_id, currency
    HAVING count(DISTINCT case_id) >= greatest(2, %(least)s)
    ORDER BY 3 DESC, 5 DESC, customer_id, currency LIMIT %(most)s
"""

# Of an offer that several had to approve, each of them counts.
_PAIRS = """
    WITH offers AS MATERIALIZED (
        SELECT o.id, o.branch_id, o.round, a.proposer_id, a.approver_id, a.decision, a.at
        FROM compensation_approval a JOIN compensation_offer o ON o.id = a.offer_id
        WHERE a.at >= %(since)s AND a.at < %(until)s
            AND (%(branches)s::bigint[] IS NULL OR o.branch_id = ANY(%(branches)s))
    ), decisions AS (
        SELECT id, branch_id, proposer_id, approver_id, decision = 'rejected' AS refused, at FROM offers
        UNION
        SELECT f.id, f.branch_id, f.proposer_id, s.decided_by_id, s.state = 'rejected', f.at
        FROM offers f JOIN compensation_approvalstep s ON s.offer_id = f.id AND s.round = f.round
        WHERE s.state IN ('approved', 'rejected')
    ), decided AS (
        SELECT branch_id, proposer_id, approver_id, count(*) AS n,
            count(*) FILTER (WHERE refused) AS rejected,
            (array_agg(id ORDER BY at DESC, id DESC))[1:%(offers)s] AS ids
        FROM decisions GROUP BY branch_id, proposer_id, approver_id
    ), compared AS (
        SELECT *, sum(n) OVER (PARTITION BY branch_id, proposer_id) AS of_proposer,
            sum(n) OVER (PARTITION BY branch_id, approver_id) AS of_approver,
            sum(n) OVER (PARTITION BY branch_id) AS of_branch
        FROM decided
    )
    SELECT branch_id, proposer_id, approver_id, n, rejected, of_proposer::int, of_approver::int,
        of_branch::int, ids
    FROM compared WHERE n >= greatest(1, %(least)s)
    ORDER BY n DESC, branch_id, proposer_id, approver_id LIMIT %(most)s
"""
