"""Deciding on several like offers of the inbox at once, for one reason."""

from __future__ import annotations

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import ngettext

from accounts.states import Capability
from common.money import format_money
from compensation.actions.batches import MOST_AT_ONCE, Decided, decide_batch
from compensation.chain_queries import lowered_amounts
from compensation.rows import WaitingRow, waiting_like, waiting_row
from compensation.rules import ZERO
from compensation.states import Decision
from desk.access import StaffRequest, staff_required
from desk.forms.apply import run
from desk.forms.approvals import BatchForm
from desk.paging import id_in
from desk.views.approvals import cards_for


@staff_required(Capability.DECIDE_OFFER)
def decide_many(request: StaffRequest) -> HttpResponse:
    """The offers like `?offer=`, and the decision on those chosen; the page tells what became of each."""
    if request.method != "POST":
        return _page(request, id_in(request.GET.get("offer", "")), BatchForm())
    form = BatchForm(request.POST)
    about = id_in(request.POST.get("about", ""))
    decided = run(
        form,
        lambda: decide_batch(
            actor=request.user,
            decision=Decision(form.cleaned_data["decision"]),
            seen=form.seen,
            reason=form.cleaned_data["reason"],
        ),
    )
    if decided is None:
        return _page(request, about, form)
    done = [each for each in decided if not each.refused]
    if len(done) < len(form.seen):
        refused = next((each.offer.pk for each in decided if each.refused), about)
        return _page(request, refused, BatchForm(), decided=decided)
    ended = [each for each in done if not each.goes_on]
    if ended:
        messages.success(request, done_words(Decision(form.cleaned_data["decision"]), ended))
    if len(ended) < len(done):
        messages.success(request, goes_on_words(len(done) - len(ended)))
    return redirect("desk:approvals")


def _page(
    request: StaffRequest, about: int | None, form: BatchForm, *, decided: Sequence[Decided] = ()
) -> HttpResponse:
    """The page; without an offer that waits, and nothing to tell, there is nothing to see but the inbox."""
    row = waiting_row(request.user, about) if about is not None else None
    if row is None and not decided:
        return redirect("desk:approvals")
    like = _as_asked_now(waiting_like(request.user, row, limit=MOST_AT_ONCE)) if row else []
    chosen = set(form.seen) if form.is_bound else {about}
    context = {
        "nav": "approvals",
        "about": about,
        "cards": cards_for(request, like),
        "chosen": chosen,
        "form": form,
        "decided": decided,
    }
    return render(
        request, "desk/approvals/batch.html", context, status=422 if form.is_bound or decided else 200
    )


def _as_asked_now(rows: Sequence[WaitingRow]) -> list[WaitingRow]:
    """The rows with what is asked for after those who approved a step of several."""
    lowered = lowered_amounts(row.pk for row in rows)
    return [row._replace(amount=lowered.get(row.pk, row.amount)) for row in rows]


def done_words(decision: Decision, done: Sequence[Decided]) -> str:
    """How many were decided, and what they come to."""
    n = len(done)
    total = format_money(sum((each.amount for each in done), ZERO), done[0].offer.currency)
    if decision == Decision.APPROVED:
        said = ngettext("%(n)s offer approved: %(total)s.", "%(n)s offers approved: %(total)s in all.", n)
    else:
        said = ngettext("%(n)s offer rejected: %(total)s.", "%(n)s offers rejected: %(total)s in all.", n)
    return said % {"n": n, "total": total}


def goes_on_words(n: int) -> str:
    """Of how many offers a step was approved, while others have yet to decide."""
    said = ngettext(
        "Your step of %(n)s offer is approved; others decide on it next.",
        "Your step of %(n)s offers is approved; others decide on them next.",
        n,
    )
    return said % {"n": n}
