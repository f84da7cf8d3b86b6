"""Search: one box for cases, customers and orders."""

from __future__ import annotations

import re

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from accounts.states import Capability
from cases.access import visible_cases
from cases.queries import descriptions_of, search_cases
from cases.rows import CaseRow
from common.search_text import normalise
from customers.queries import find_customers
from desk.access import StaffRequest, staff_required
from desk.clocks import Reading, queue_clock
from desk.highlight import excerpt, spans
from desk.paging import key_in, page_links
from desk.rows import Hit

LONGEST = 200
CUSTOMERS = 5
_NUMBER = re.compile(r"c-\d\d-\d{5,12}")


@staff_required(Capability.SEE_CASES)
@require_safe
def search(request: StaffRequest) -> HttpResponse:
    """What a text finds. The number of a case leads straight to it."""
    query = " ".join(request.GET.get("q", "").replace("\x00", "").split())[:LONGEST]
    try:
        after = key_in(request)
    except ValueError:
        return redirect("desk:search")
    number = normalise(query).upper()
    if _NUMBER.fullmatch(number.lower()) and visible_cases(request.user).filter(number=number).exists():
        return redirect("desk:case", number)
    page = search_cases(request.user, query, after=str(after or ""))
    context = {
        "query": query,
        "hits": _hits(page.rows, query),
        "customers": find_customers(query, limit=CUSTOMERS) if not after else [],
        **page_links(request, page.after),
    }
    return render(request, "desk/search.html", context)


def _hits(rows: list[CaseRow], query: str) -> list[Hit]:
    reading = Reading.begin()
    texts = descriptions_of(row for row in rows if not spans(row.summary, query))
    return [Hit(row, queue_clock(row, reading), excerpt(texts.get(row.pk, ""), query)) for row in rows]
