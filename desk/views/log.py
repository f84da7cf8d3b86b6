"""Logging a complaint while the customer is on the line: by keyboard, in under a minute."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.models import Branch, User
from accounts.queries import branches_of
from accounts.states import Capability
from cases.actions.log import NewCase, log_complaint
from cases.models import Defect
from cases.queries import cases_of_customer, complaint_counts, defects, recent_complaints
from cases.states import Cue, FailureType
from cases.suggestion import Suggestion, suggest
from common.money import LARGEST
from compensation.authority_queries import left_today, limit_of
from compensation.queries import granted_to_customer
from customers.models import Customer
from customers.queries import find_customers, with_contacts
from customers.states import ContactKind
from desk.access import StaffRequest, form_on, staff_required
from desk.first_step import first_step
from desk.forms.apply import run
from desk.forms.log import NEW_CUSTOMER, LogForm
from desk.marking import mark
from desk.paging import id_in
from sla.states import Severity


@staff_required(Capability.LOG_CASE)
def log(request: StaffRequest) -> HttpResponse:
    """The form, and saving it."""
    if request.method != "POST":
        return _page(request, LogForm(initial=_start(request), user=request.user))
    form = LogForm(_with_suggestion(request), user=request.user)
    case = run(form, lambda: log_complaint(actor=request.user, new=_new_case(form)), names=NEW_CUSTOMER)
    if case is None:
        return _page(request, form, status=422)
    messages.success(request, _("{number} is logged.").format(number=case.number))
    return redirect(reverse("desk:case", args=[case.number]) + "?logged=1")


@staff_required(Capability.LOG_CASE)
def find(request: StaffRequest) -> HttpResponse:
    """Options of the customer field, as one types."""
    text = request.GET.get("q", "").strip()
    found = find_customers(text) if len(text) >= 2 else []
    counts = complaint_counts([customer.pk for customer in found])
    rows = [(customer, counts.get(customer.pk, (0, 0))) for customer in found]
    return render(request, "desk/log/options.html", {"rows": rows, "text": text})


@staff_required(Capability.LOG_CASE)
def customer_panel(request: StaffRequest) -> HttpResponse:
    """Who the chosen customer is, what they complained of lately, and what may be granted."""
    customer = _customer(request.GET.get("customer", ""))
    branch = _branch(request.user, request.GET.get("branch", ""))
    return render(request, "desk/log/customer.html", _customer_context(request.user, customer, branch))


@staff_required(Capability.LOG_CASE)
@form_on("desk:log")
def suggest_failure(request: StaffRequest) -> HttpResponse:
    """What the text suggests, with the words that led there."""
    found = _suggestion(request)
    text = request.POST.get("description", "")
    return render(request, "desk/log/suggestion.html", _suggestion_context(text, found))


def _page(request: StaffRequest, form: LogForm, *, status: int = 200) -> HttpResponse:
    chosen = _chosen(form)
    branch = _branch(request.user, str(form["branch"].value() or ""))
    if branch is None:
        missing = {"nav": "queue", "first_step": first_step(request.user)}
        return render(request, "desk/log/no_branch.html", missing, status=status)
    text = str(form["description"].value() or "")
    context = {
        "nav": "queue",
        "form": form,
        "chosen": chosen,
        **_customer_context(request.user, chosen, branch),
        **(_suggestion_context(text, _suggestion(request)) if form.is_bound else {}),
    }
    return render(request, "desk/log.html", context, status=status)


def _start(request: StaffRequest) -> dict[str, Any]:
    customer = _customer(request.GET.get("customer", ""))
    start: dict[str, Any] = {"language": request.user.language, "preferred_contact": ContactKind.EMAIL}
    branch = _branch(request.user, "")
    if branch is not None:
        start["branch"] = branch.pk
    if customer is not None:
        start |= {
            "customer": customer.pk,
            "language": customer.language,
            "preferred_contact": customer.preferred_contact,
        }
    return start


def _chosen(form: LogForm) -> Customer | None:
    key = id_in(str(form["customer"].value() or ""))
    return with_contacts(Customer.objects.filter(pk=key)).first() if key is not None else None


def _customer(text: str) -> Customer | None:
    key = id_in(text)
    return Customer.objects.filter(pk=key).first() if key is not None else None


def _branch(user: User, text: str) -> Branch | None:
    branches, key = branches_of(user), id_in(text)
    return (branches.filter(pk=key).first() if key is not None else None) or branches.first()


def _customer_context(user: User, customer: Customer | None, branch: Branch | None) -> dict[str, Any]:
    context: dict[str, Any] = {"found": customer}
    if branch is not None:
        context["grant"] = limit_of(user, branch.currency, time_zone=branch.time_zone)
        context["grant_left"] = left_today(user, branch.currency, time_zone=branch.time_zone)
        context["currency"] = branch.currency
    if customer is not None:
        open_complaints, complaints = complaint_counts([customer.pk]).get(customer.pk, (0, 0))
        context |= {
            "open_complaints": open_complaints,
            "complaints": complaints,
            "granted": granted_to_customer(customer.pk),
            "last_order": customer.orders.first(),
            "lately": cases_of_customer(user, customer.pk, limit=4),
        }
    return context


def _suggestion(request: StaffRequest) -> Suggestion:
    customer = _customer(request.POST.get("customer", ""))
    try:
        loss = Decimal(request.POST.get("loss_amount") or "0")
    except InvalidOperation:
        loss = Decimal(0)
    branch = _branch(request.user, request.POST.get("branch", ""))
    return suggest(
        request.POST.get("description", ""),
        loss=loss if loss.is_finite() and 0 < loss <= LARGEST else None,
        currency=branch.currency if branch else "",
        repeat_count=recent_complaints(customer.pk) if customer else 0,
        tier=customer.tier if customer else "standard",
    )


def _suggestion_context(text: str, found: Suggestion) -> dict[str, Any]:
    defect = next((each for each in defects() if each.code == found.defect), None)
    return {
        "suggestion": found,
        "suggested_type": FailureType(found.failure_type).label if found.failure_type else "",
        "suggested_defect": defect,
        "suggested_severity": Severity(found.severity).label,
        "suggested_cues": [Cue(cue).label for cue in found.cues],
        "marked": mark(text, [each._asdict() for each in found.evidence]) if found.evidence else "",
    }


def _with_suggestion(request: StaffRequest) -> Any:
    """What was sent; where no failure type was chosen, the suggested defect is filled in to be confirmed."""
    data = request.POST.copy()
    if not data.get("failure_type"):
        # Saving stops at the empty field; the form comes back with the suggested defect and severity chosen.
        found = _suggestion(request)
        defect = Defect.objects.filter(code=found.defect, is_active=True).first() if found.defect else None
        if defect is not None and not data.get("defect"):
            data["defect"] = str(defect.pk)
    return data


def _new_case(form: LogForm) -> NewCase:
    given = form.cleaned_data
    branch: Branch = given["branch"]
    customer = given["customer"] or form.new_customer
    before = recent_complaints(customer.pk) if isinstance(customer, Customer) else 0
    found = suggest(
        given["description"],
        loss=given["loss_amount"],
        currency=branch.currency,
        repeat_count=before,
        tier=customer.tier,
    )
    return NewCase.of(given, customer=customer, suggestion=found.kept, cues=list(found.cues))
