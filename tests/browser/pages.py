"""Every page of the product, and how to get there: for pictures and for checks that hold of all pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.browser.desk import Person

ANYBODY = ""


@dataclass(frozen=True)
class Place:
    """A page under a short name, and the role that looks at it; `ANYBODY` has no account."""

    name: str
    role: str
    path: str


def places(person: Person) -> list[Place]:
    """All pages, with addresses of this installation's own cases, customers and links. Signs in and out."""
    return [
        Place("sign-in", ANYBODY, "/accounts/login/"),
        Place("forgotten", ANYBODY, "/accounts/password/reset/"),
        Place("not-found", ANYBODY, "/nowhere/"),
        Place("survey-unknown", ANYBODY, "/survey/unknown/"),
        *_customers_pages(person),
        *_desk_pages(person),
        *_office_pages(person),
        *_compensation_pages(person),
    ]


def _first(person: Person, listing: str, link: str) -> str:
    found = person.open(listing).locator(link).first.get_attribute("href")
    assert found, f"{listing} has no {link}"
    return found


def _customers_pages(person: Person) -> Iterator[Place]:
    person.sign_in("frontline")
    page = person.open("/desk/mailbox/")
    for name, path in (("survey", "/survey/"), ("track", "/track/")):
        for row in [link.get_attribute("href") or "" for link in page.locator("table.list tbody a").all()]:
            link = person.open(row).locator(f'.mail-body a[href*="{path}"]').first
            if link.count():
                yield Place(name, ANYBODY, (link.get_attribute("href") or "").replace(person.address, ""))
                break
        person.open("/desk/mailbox/")


def _desk_pages(person: Person) -> Iterator[Place]:
    person.sign_in("frontline")
    case = _first(person, "/desk/queue/", "table.list tbody a")
    yield Place("home", "frontline", "/desk/")
    yield Place("queue", "frontline", "/desk/queue/")
    yield Place("queue-empty", "frontline", "/desk/queue/?view=mine&severity=1&failure_type=process&branch=0")
    yield Place("log", "frontline", "/desk/log/")
    yield Place("case", "frontline", case)
    yield Place("case-resolving", "frontline", f"{case}?edit=resolve")
    yield Place("case-classifying", "frontline", f"{case}?edit=classify&write=call")
    yield Place("customers", "frontline", "/desk/customers/")
    yield Place("customer", "frontline", _first(person, "/desk/customers/", "main table.list tbody a"))
    yield Place("search", "frontline", "/desk/search/?q=late")
    yield Place("search-nothing", "frontline", "/desk/search/?q=zzzzzz")
    yield Place("notifications", "frontline", "/desk/notifications/")
    yield Place("preferences", "frontline", "/desk/preferences/")
    yield Place("mailbox", "frontline", "/desk/mailbox/")
    yield Place("mail", "frontline", _first(person, "/desk/mailbox/", "table.list tbody a"))
    yield Place("incidents", "frontline", "/desk/incidents/")
    yield Place("refused", "frontline", "/desk/insights/")
    yield Place("password", "frontline", "/accounts/password/change/")
    yield Place("two-step", "frontline", "/accounts/2fa/")


def _compensation_pages(person: Person) -> Iterator[Place]:
    """Policies, budgets, vouchers, payments and incidents, each with what the demo has of it."""
    person.sign_in("supervisor")
    incident = _first(person, "/desk/incidents/", "main table.list a")
    for name, part in (("incident", ""), ("remedy", "remedy/"), ("progress", "progress/")):
        yield Place(name, "supervisor", incident + part)
    yield Place("vouchers", "supervisor", "/desk/vouchers/")
    yield Place("voucher", "supervisor", _first(person, "/desk/vouchers/", "main table.list a"))
    yield Place("voucher-redeem", "supervisor", "/desk/vouchers/redeem/")
    person.sign_in("manager")
    yield Place("payment-batch", "manager", _first(person, "/desk/payments/", 'main a[href*="/batches/"]'))
    due = _first(person, "/desk/payments/", 'main form a[href*="/cases/"]')
    yield Place("case-accepted", "manager", due)
    yield Place("payment-payee", "manager", _first(person, due, 'main a[href*="/payee/"]'))
    person.sign_in("admin")
    budget = _first(person, "/desk/settings/authority/", 'main a[href*="/budgets/"]:not([href$="/new/"])')
    yield Place("budget", "admin", budget)
    yield Place("budget-change", "admin", f"{budget}change/")
    policies = person.open("/desk/settings/policies/").locator('main section:has-text("Lantern") table a')
    version = policies.first.get_attribute("href")
    assert version, "the demo's policy has versions"
    for name, part in (("policy", ""), ("policy-try", "try/"), ("policy-replay", "replay/")):
        yield Place(name, "admin", version + part)
    yield Place("policy-rule", "admin", f"{version}rules/1/")


def _office_pages(person: Person) -> Iterator[Place]:
    yield from _supervisor_pages(person)
    yield from _manager_pages(person)
    yield from _admin_pages(person)
    yield from _audit_pages(person)


def _supervisor_pages(person: Person) -> Iterator[Place]:
    yield Place("supervisor", "supervisor", "/desk/")
    yield Place("approvals", "supervisor", "/desk/approvals/")
    person.sign_in("supervisor")
    like = person.open("/desk/approvals/").locator("a[data-key=b]").first
    if like.count():
        yield Place("approvals-like", "supervisor", like.get_attribute("href") or "")
    yield Place("standing-in", "supervisor", "/desk/preferences/standing-in/")
    yield Place("incident-new", "supervisor", "/desk/incidents/new/")


def _manager_pages(person: Person) -> Iterator[Place]:
    person.sign_in("manager")
    yield Place("insights", "manager", "/desk/insights/")
    figure = _first(person, "/desk/insights/", 'main a[href*="figure="]')
    yield Place("insights-cases", "manager", figure)
    for name in ("compensation", "fairness", "decisions", "budgets"):
        yield Place(f"insights-{name}", "manager", f"/desk/insights/{name}/?period=90d")
    offers = _first(person, "/desk/insights/compensation/?period=90d", 'main a[href*="figure="]')
    yield Place("insights-offers", "manager", offers)
    yield Place("payments", "manager", "/desk/payments/")
    yield Place("finance", "finance", "/desk/")


def _admin_pages(person: Person) -> Iterator[Place]:
    person.sign_in("admin")
    yield Place("paying-accounts", "admin", "/desk/payments/accounts/")
    yield Place("undelivered", "admin", "/desk/undelivered/")
    settings = person.open("/desk/settings/")
    sections = {
        link.get_attribute("href") or "" for link in settings.locator('main a[href^="/desk/settings/"]').all()
    }
    yield Place("settings", "admin", "/desk/settings/")
    # One of each shape: there are as many people as one likes.
    shapes = {re.sub(r"\d+", "1", path): path for path in sorted(sections - {"/desk/settings/"})}
    for path in shapes.values():
        yield Place("settings-" + path.strip("/").split("/", 2)[-1].replace("/", "-"), "admin", path)
    for name in (
        "branches",
        "teams",
        "calendars",
        "budgets",
        "authority",
        "limits",
        "routes",
        "kinds",
        "scripts",
        "taxonomy/families",
        "taxonomy/causes",
    ):
        yield Place(f"settings-{name.replace('/', '-')}-new", "admin", f"/desk/settings/{name}/new/")
    yield Place("settings-targets-change", "admin", "/desk/settings/targets/change/")
    yield from _changes_of_settings(person)


def _changes_of_settings(person: Person) -> Iterator[Place]:
    days = _first(person, "/desk/settings/calendars/", 'main a[href$="/days/"]')
    yield Place("settings-days", "admin", days)
    yield Place("settings-days-change", "admin", _first(person, days, "main table.list a"))
    for section, link in (
        ("authority", 'a[href="/desk/settings/authority/EUR/"]'),
        ("kinds", 'a[href="/desk/settings/kinds/replacement/"]'),
        ("taxonomy", 'a[href*="/failures/"]'),
        ("playbooks", 'h2 a[href*="/playbooks/"]'),
        ("scripts", 'h3 a[href*="/scripts/"]'),
    ):
        path = _first(person, f"/desk/settings/{section}/", f"main {link}")
        yield Place(f"settings-{section}-change", "admin", path)
    team = _first(
        person, "/desk/settings/calendars/", 'main a[href*="/settings/teams/"]:not([href$="/new/"])'
    )
    yield Place("settings-teams-change", "admin", team)
    route = _first(person, "/desk/settings/authority/", 'main a[href*="/routes/"][href$="/change/"]')
    yield Place("settings-routes-change", "admin", route)


def _audit_pages(person: Person) -> Iterator[Place]:
    number = _first(person, "/desk/queue/", "table.list tbody a").strip("/").rpartition("/")[2]
    yield Place("audit", "auditor", "/desk/audit/")
    yield Place("audit-case", "auditor", f"/desk/audit/?number={number}")
    yield Place("audit-refused", "auditor", "/desk/audit/?number=nothing&since=2026-02-01&until=2026-01-01")
    person.sign_in("auditor")
    yield Place("exceptions", "auditor", "/desk/audit/exceptions/?period=90d")
    yield Place("exceptions-thresholds", "auditor", "/desk/audit/exceptions/?pair_least=1&customer_cases=2")
    yield Place("reviews", "auditor", "/desk/audit/reviews/")
    page = person.open("/desk/audit/reviews/")
    if not page.locator("main table.list a").count():
        page.locator('[name="purpose"]').fill("Last month")
        page.locator("main form.panel button").click()
        page.wait_for_url("**/audit/reviews/*/")
    drawn = _first(person, "/desk/audit/reviews/", "main table.list a")
    yield Place("review-list", "auditor", f"{drawn}?check=1")
    yield Place("review-item", "auditor", f"{drawn}1/")
    case = _first(person, f"{drawn}1/", ".page-head a").partition("#")[0]
    trail = _first(person, case, 'main a[href$="/trail/"]')
    yield Place("offer-trail", "auditor", trail)
