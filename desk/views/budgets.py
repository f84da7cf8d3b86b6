"""Settings: budgets, what moved on each, and changing, carrying over and closing them."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.states import Capability
from common.errors import DomainError
from common.money import format_money
from compensation.actions.budgets import budget_values, change_budget, close_budget, set_budget
from compensation.actions.carrying import carry_over, is_over
from compensation.budget_queries import latest_movements, visible_budgets
from compensation.models import Budget
from desk.access import StaffRequest, form_on, staff_required
from desk.budget_words import budget_views
from desk.forms.apply import run
from desk.forms.budgets import BudgetChangeForm, BudgetForm, BudgetTermsForm, ReasonForm

MOST_MOVEMENTS = 50


def _find(user: User, budget_id: int) -> Budget:
    return get_object_or_404(visible_budgets(user), pk=budget_id)


def _address(request: StaffRequest, budget_id: int) -> str:
    return reverse("desk:budget", args=[budget_id])


@staff_required(Capability.SEE_SETTINGS)
@require_safe
def budget_page(request: StaffRequest, budget_id: int) -> HttpResponse:
    """A budget: what is left, its pace, what stands above and below it, and its latest movements."""
    return _show(request, _find(request.user, budget_id), ReasonForm())


def _show(request: StaffRequest, budget: Budget, form: ReasonForm, *, status: int = 200) -> HttpResponse:
    may_change = request.user.may(Capability.CHANGE_SETTINGS)
    below = visible_budgets(request.user).filter(parent=budget)
    context = {
        "nav": "settings",
        "view": budget_views([budget])[0],
        "above": budget_views(budget.chain[1:]),
        "below": budget_views(below),
        "movements": latest_movements(budget.pk, limit=MOST_MOVEMENTS),
        "may_change": may_change and budget.closed_at is None,
        "may_carry": may_change and is_over(budget) and budget.left > 0,
        "close_form": form,
    }
    return render(request, "desk/settings/budget.html", context, status=status)


@staff_required(Capability.CHANGE_SETTINGS)
def budget_new(request: StaffRequest) -> HttpResponse:
    """Set money aside for a branch and a period, or for what stands above branches."""
    me = request.user
    start = BudgetForm.this_month(timezone.localdate())
    form = BudgetForm(request.POST if request.method == "POST" else None, initial=start, user=me)

    def action() -> Budget:
        given = form.cleaned_data
        return set_budget(
            actor=me,
            branch_id=given["branch"].pk if given["branch"] else None,
            team_id=given["team"].pk if given.get("team") else None,
            terms=form.terms,
            **{name: given[name] for name in ("kind", "name", "currency", "starts_on", "ends_on", "amount")},
        )

    if request.method == "POST":
        budget = run(form, action)
        if budget is not None:
            return _saved(request, budget)
    note = _("On days that no budget covers, authority alone limits what the branch spends.")
    return _form_page(request, form, title=_("New budget"), note=note)


@staff_required(Capability.CHANGE_SETTINGS)
def budget_edit(request: StaffRequest, budget_id: int) -> HttpResponse:
    """Change the amount of a budget and its terms; its branch and period stay."""
    budget = _find(request.user, budget_id)
    data = request.POST if request.method == "POST" else None
    form = BudgetChangeForm(data, values=budget_values(budget), about=budget)
    if request.method == "POST":
        changed = run(
            form,
            lambda: change_budget(
                actor=request.user,
                budget_id=budget.pk,
                amount=form.cleaned_data["amount"],
                terms=form.terms,
                reason=form.cleaned_data["reason"],
                seen=form.seen,
            ),
        )
        if changed is not None:
            return _saved(request, changed)
    return _form_page(request, form, title=budget.label, budget=budget)


@staff_required(Capability.CHANGE_SETTINGS)
@form_on(_address)
def budget_carry(request: StaffRequest, budget_id: int) -> HttpResponse:
    """Move what is left of a budget that is over into the one that follows."""
    budget = _find(request.user, budget_id)
    try:
        amount = carry_over(actor=request.user, budget_id=budget.pk)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        text = _("{amount} is carried over into the next period.")
        messages.success(request, text.format(amount=format_money(amount, budget.currency)))
    return redirect("desk:budget", budget.pk)


@staff_required(Capability.CHANGE_SETTINGS)
@form_on(_address)
def budget_close(request: StaffRequest, budget_id: int) -> HttpResponse:
    """Let nothing more be granted from a budget."""
    budget = _find(request.user, budget_id)
    form = ReasonForm(request.POST)
    done = run(
        form,
        lambda: close_budget(actor=request.user, budget_id=budget.pk, reason=form.cleaned_data["reason"]),
    )
    if done is None:
        return _show(request, budget, form, status=422)
    messages.success(request, _("The budget of {name} is closed.").format(name=budget.label))
    return redirect("desk:budget", budget.pk)


def _saved(request: StaffRequest, budget: Budget) -> HttpResponse:
    text = _("The budget of {name} is {amount} now.")
    amount = format_money(budget.amount, budget.currency)
    messages.success(request, text.format(name=budget.label, amount=amount))
    return redirect("desk:settings_section", "authority")


def _form_page(
    request: StaffRequest, form: BudgetTermsForm, *, title: str, note: str = "", budget: Budget | None = None
) -> HttpResponse:
    back = _address(request, budget.pk) if budget else reverse("desk:settings_section", args=["authority"])
    context = {"nav": "settings", "form": form, "title": title, "back": back, "note": note, "budget": budget}
    return render(request, "desk/settings_form.html", context, status=422 if form.is_bound else 200)
