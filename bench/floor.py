"""The floor: the least that a page for signed-in staff can cost here. Every page is held against it."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from customers.models import Customer

ROWS = 25


@login_required
def floor(request: HttpRequest) -> HttpResponse:
    """Twenty-five rows by an index, in a small template, behind the same middleware as all pages."""
    after = int(request.GET.get("after", "0"))
    rows = Customer.objects.filter(pk__gt=after).defer("search").order_by("pk")[:ROWS]
    return render(request, "bench/floor.html", {"rows": rows})
