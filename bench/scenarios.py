"""What is measured: the pages that staff spend their day on, each with the most that it may cost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice

from django.db import connection
from django.db.models import Max

from bench.product import Session
from cases.models import Case
from cases.states import OPEN_STATES
from customers.models import Customer

VARIETY = 60
PERIODS = ("7d", "30d", "90d")


@dataclass(frozen=True, slots=True)
class Facts:
    """Keys and words of the loaded data that the requests are made of."""

    numbers: list[str]
    open_numbers: list[str]
    orders: list[str]
    customers: list[Customer]
    complaints: list[Case]
    common: list[str]
    chinese: list[str]
    last_customer: int


@dataclass(frozen=True, slots=True)
class Scenario:
    """Requests, the status they must get, and the most they may cost against the floor at one client."""

    name: str
    budget: float
    requests: Callable[[Session, Facts], list[str]]
    status: int = 200


def gather_facts() -> Facts:
    """Pick from the data, spread over all of it."""
    newest = Case.objects.aggregate(last=Max("pk"))["last"]
    spread = list(range(1, newest + 1, max(1, newest // (VARIETY // 2))))
    some = list(Case.objects.filter(pk__in=spread).order_by("pk"))
    still_open = list(Case.objects.filter(state__in=OPEN_STATES).order_by("-pk")[: VARIETY // 2])
    common, chinese = _words()
    return Facts(
        # Half of the cases that are looked at are under way, and half are history.
        numbers=[case.number for pair in zip(still_open, some, strict=False) for case in pair],
        open_numbers=[case.number for case in still_open],
        orders=[case.order_reference for case in some if case.order_reference],
        customers=list(Customer.objects.filter(pk__in=[case.customer_id for case in some])),
        complaints=some,
        common=common,
        chinese=chinese,
        last_customer=Customer.objects.aggregate(last=Max("pk"))["last"],
    )


def _words() -> tuple[list[str], list[str]]:
    """Words that many complaints hold, the most frequent first: English ones, and pairs of Chinese signs."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT word FROM ts_stat('SELECT search FROM cases_case ORDER BY id LIMIT 2000')"
            " ORDER BY ndoc DESC"
        )
        words = [word for (word,) in cursor.fetchall()]
    common = (word for word in words if word.isascii() and word.isalpha() and len(word) > 4)
    chinese = (word for word in words if len(word) == 2 and not word.isascii())
    return list(islice(common, 6)), list(islice(chinese, 6))


def floor_requests(session: Session, facts: Facts) -> list[str]:
    step = max(1, facts.last_customer // VARIETY)
    return [session.get(f"/bench/floor/?after={after}") for after in range(0, facts.last_customer - 25, step)]


def _queue(session: Session, facts: Facts) -> list[str]:
    return [session.get("/desk/queue/")]


def _case(session: Session, facts: Facts) -> list[str]:
    return [session.get(f"/desk/cases/{number}/") for number in facts.numbers]


def _offer_form(session: Session, facts: Facts) -> list[str]:
    """Cases under way: their page holds the form, with what like cases got and what the policy gives."""
    return [session.get(f"/desk/cases/{number}/") for number in facts.open_numbers]


def _offer_forecast(session: Session, facts: Facts) -> list[str]:
    """What the form asks for again as an amount is typed."""
    asked = "kind=refund&basis=goodwill&amount=40"
    return [session.get(f"/desk/cases/{number}/offers/forecast/?{asked}") for number in facts.open_numbers]


def _search(words: Callable[[Facts], list[str]]) -> Callable[[Session, Facts], list[str]]:
    from urllib.parse import quote

    return lambda session, facts: [session.get(f"/desk/search/?q={quote(word)}") for word in words(facts)]


def _insights(page: str = "") -> Callable[[Session, Facts], list[str]]:
    return lambda session, facts: [session.get(f"/desk/insights/{page}?period={each}") for each in PERIODS]


def _approvals(session: Session, facts: Facts) -> list[str]:
    return [session.get("/desk/approvals/")]


def _save(session: Session, facts: Facts) -> list[str]:
    """The form as a browser sends it, for customers and with words that are there."""
    pairs = zip(facts.customers, facts.complaints, strict=False)
    return [session.post("/desk/log/", _form(customer, case)) for customer, case in pairs]


def _form(customer: Customer, case: Case) -> list[tuple[str, str]]:
    return [
        ("customer", str(customer.pk)),
        *((name, "") for name in ("new_name", "new_phone", "new_email")),
        ("channel", "phone"),
        ("branch", str(case.branch_id)),
        ("occurred_on", case.received_at.date().isoformat()),
        ("description", case.description),
        ("failure_type", case.failure_type),
        ("defect", str(case.defect_id)),
        ("severity", str(case.severity)),
        ("remedies_sought", "refund"),
        ("loss_amount", "20"),
        ("satisfaction_before", "2"),
        ("product", case.product),
        ("order_reference", case.order_reference),
        ("language", case.language),
        ("preferred_contact", "email"),
    ]


SCENARIOS = (
    Scenario("queue", 3, _queue),
    Scenario("case", 5, _case),
    Scenario("save", 4, _save, status=302),
    Scenario("search_rare", 4, _search(lambda facts: facts.orders)),
    Scenario("search_common", 4, _search(lambda facts: facts.common)),
    Scenario("search_zh", 4, _search(lambda facts: facts.chinese)),
    Scenario("dashboard", 12, _insights()),
    Scenario("compensation", 12, _insights("compensation/")),
    Scenario("fairness", 12, _insights("fairness/")),
    Scenario("approvals", 3, _approvals),
    Scenario("offer_form", 4, _offer_form),
    Scenario("offer_forecast", 4, _offer_forecast),
)
