"""Lending one's authority to decide for some days; an administrator sees to everybody's."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts.actions.delegations import delegate_authority, revoke_delegation
from accounts.models import Delegation
from accounts.queries import delegations_of
from accounts.states import Capability
from common.days import latest_day
from common.errors import DomainError
from common.templatetags.ui import day
from desk.access import StaffRequest, form_on, staff_required
from desk.forms.apply import run
from desk.forms.delegations import DelegationForm


@staff_required(Capability.SEE_CASES)
def delegations(request: StaffRequest) -> HttpResponse:
    """What is lent and borrowed, and the form; for who decides on compensation, and for administrators."""
    user = request.user
    for_others = user.may(Capability.CHANGE_SETTINGS)
    if not for_others and not user.may(Capability.DECIDE_OFFER):
        raise PermissionDenied
    form = DelegationForm(request.POST or None, user=user, for_others=for_others)
    if request.method == "POST":
        done = run(
            form,
            lambda: delegate_authority(
                actor=user,
                delegator_id=form.cleaned_data["delegator"].pk if for_others else user.pk,
                delegate_id=form.cleaned_data["delegate"].pk,
                starts_on=form.cleaned_data["starts_on"],
                ends_on=form.cleaned_data["ends_on"],
                reason=form.cleaned_data["reason"],
            ),
        )
        if done is not None:
            said = _("%(name)s stands in from %(first)s until %(last)s.")
            values = {"name": done.delegate.name, "first": day(done.starts_on), "last": day(done.ends_on)}
            messages.success(request, said % values)
            return redirect("desk:delegations")
    today = latest_day()
    rows = [
        (each, each.revoked_at is None and each.ends_on >= today and (for_others or each.delegator == user))
        for each in delegations_of(user, everybody=for_others)
    ]
    context = {"form": form, "rows": rows, "today": today, "for_others": for_others}
    return render(request, "desk/delegations.html", context, status=422 if form.is_bound else 200)


@staff_required(Capability.SEE_CASES)
@form_on("desk:delegations")
def revoke(request: StaffRequest, delegation_id: int) -> HttpResponse:
    """Take a delegation back."""
    try:
        revoke_delegation(actor=request.user, delegation_id=delegation_id)
    except Delegation.DoesNotExist:
        raise Http404 from None
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("It is revoked."))
    return redirect("desk:delegations")
