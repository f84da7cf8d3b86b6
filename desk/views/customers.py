"""Customers: finding them, and what we know of one."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_safe

from accounts.states import Capability
from cases.access import visible_cases
from cases.queries import cases_of_customer, clocks_for, complaint_counts
from compensation.queries import granted_to_customer, granted_to_customers
from customers.models import Customer
from customers.queries import find_customers, newest_customers, orders_of, with_contacts
from desk.access import StaffRequest, staff_required
from desk.clocks import Reading, row_clock
from desk.paging import key_in, page_links
from feedback.queries import responses_of_customer

FOUND = 25
ORDERS = 10


@staff_required(Capability.SEE_CASES)
@require_safe
def customers(request: StaffRequest) -> HttpResponse:
    """The newest customers, or those that a phone number, address, order number or name finds."""
    text = " ".join(request.GET.get("q", "").replace("\x00", "").split())[:200]
    try:
        after = key_in(request)
    except ValueError:
        return redirect("desk:customers")
    if text:
        found, more = find_customers(text, limit=FOUND), False
    else:
        found = newest_customers(after=after, limit=FOUND + 1)
        found, more = found[:FOUND], len(found) > FOUND
    keys = [customer.pk for customer in found]
    counts = complaint_counts(keys)
    granted = granted_to_customers(keys)
    context: dict[str, Any] = {
        "nav": "customers",
        "text": text,
        "rows": [(row, *counts.get(row.pk, (0, 0)), granted.get(row.pk, {})) for row in found],
        **page_links(request, found[-1].pk if more else None),
        "is_cut": bool(text) and len(found) == FOUND,
    }
    return render(request, "desk/customers.html", context)


@staff_required(Capability.SEE_CASES)
@require_safe
def customer(request: StaffRequest, customer_id: int) -> HttpResponse:
    """One customer: contacts, cases that I may see, what was granted, orders, and what surveys said."""
    user = request.user
    found = get_object_or_404(with_contacts(Customer.objects.defer("search")), pk=customer_id)
    cases = cases_of_customer(user, found.pk)
    clocks, reading = clocks_for(cases), Reading.begin()
    open_complaints, complaints = complaint_counts([found.pk]).get(found.pk, (0, 0))
    visible = visible_cases(user).filter(customer_id=found.pk).count()
    context = {
        "nav": "customers",
        "customer": found,
        "contacts": list(found.contact_points.all()),
        "open_complaints": open_complaints,
        "complaints": complaints,
        "hidden": complaints - visible,
        "older": visible - len(cases),
        "granted": granted_to_customer(found.pk),
        "orders": orders_of(found.pk, branch_ids=user.branch_ids, limit=ORDERS),
        "responses": list(responses_of_customer(user, found.pk)),
        "rows": [(case, row_clock(case, clocks, reading)) for case in cases],
    }
    return render(request, "desk/customer.html", context)
