"""My work: the cases I own, the calls I owe, and what became of my offers."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.states import Capability
from cases.queries import queue
from compensation.chain_queries import questions_to
from compensation.payment_queries import due_for
from compensation.queries import decided_lately
from compensation.remedies import remedy_questions_to
from desk.access import StaffRequest, form_on, staff_required
from desk.first_step import first_step
from desk.forms.apply import run
from desk.forms.office import FollowUpForm
from desk.paging import page_links
from desk.views.queue import rows_context
from feedback.actions.follow_up import finish_follow_up
from feedback.queries import open_follow_ups

FOLLOW_UPS = 20


@staff_required(Capability.SEE_CASES)
def home(request: StaffRequest) -> HttpResponse:
    """What waits for me, the most urgent first."""
    return home_page(request)


def home_page(request: StaffRequest, *, refused: FollowUpForm | None = None) -> HttpResponse:
    """The page, with the form of a follow-up that was refused shown where it belongs."""
    user = request.user
    works = user.may(Capability.RECOVER_CASE)
    try:
        page = queue(user, "mine", after=request.GET.get("after", ""))
    except (ValueError, OverflowError, OSError):
        return redirect("desk:home")
    follow_ups = list(open_follow_ups(user)[:FOLLOW_UPS]) if works else []
    pays = user.may(Capability.PAY_COMPENSATION) and not works
    context = {
        "nav": "home",
        "works": works,
        "pays": pays,
        "due_groups": due_for(user) if pays else [],
        "first_step": first_step(user),
        "may_change": user.may(Capability.CHANGE_SETTINGS),
        **page_links(request, page.after),
        "follow_ups": [(row, _form_of(row.pk, refused)) for row in follow_ups],
        "questions": questions_to(user) if works else [],
        "remedy_questions": remedy_questions_to(user) if works else [],
        "decisions": list(decided_lately(user)) if works else [],
        **rows_context(page),
    }
    return render(request, "desk/home.html", context, status=422 if refused else 200)


def _form_of(follow_up_id: int, refused: FollowUpForm | None) -> FollowUpForm:
    prefix = f"f{follow_up_id}"
    return refused if refused is not None and refused.prefix == prefix else FollowUpForm(prefix=prefix)


@staff_required(Capability.RECOVER_CASE)
@form_on("desk:home")
def finish(request: StaffRequest, follow_up_id: int) -> HttpResponse:
    """Write down what came of a follow-up."""
    if not open_follow_ups(request.user).filter(pk=follow_up_id).exists():
        raise Http404
    form = FollowUpForm(request.POST, prefix=f"f{follow_up_id}")

    def action() -> object:
        return finish_follow_up(
            actor=request.user, follow_up_id=follow_up_id, result=form.cleaned_data["result"]
        )

    if run(form, action) is None:
        return home_page(request, refused=form)
    messages.success(request, _("The follow-up is done."))
    return redirect("desk:home")
