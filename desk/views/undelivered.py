"""Mail that did not arrive: what administrators see of it, and sending it again."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from accounts.states import Capability
from cases.access import visible_cases
from common.errors import DomainError
from desk.access import StaffRequest, form_on, staff_required
from desk.paging import id_in, key_in, page_links
from messaging.actions import retry_failed_messages, retry_message
from messaging.models import OutboxMessage
from messaging.queries import mailbox
from messaging.states import MessageState

P = ParamSpec("P")
Page = Callable[Concatenate[StaffRequest, P], HttpResponse]


def of_all_branches(page: Page[P]) -> Page[P]:
    """Only for who works for every branch: mail is of all of them, and names their customers."""

    @wraps(page)
    def guarded(request: StaffRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.user.branch_ids is not None:
            raise PermissionDenied
        return page(request, *args, **kwargs)

    return guarded  # type: ignore[return-value]


@staff_required(Capability.CHANGE_SETTINGS)
@require_safe
@of_all_branches
def undelivered(request: StaffRequest) -> HttpResponse:
    """The messages that failed for good, newest first: to whom, about what and why, but not their text.

    The text may hold a customer's own link, or one that sets a password.
    """
    try:
        before = key_in(request)
    except ValueError:
        return redirect("desk:undelivered")
    page = mailbox(before=before, state=MessageState.FAILED)
    keys = {mail.pk: _case_id(mail) for mail in page.messages}
    wanted = {key for key in keys.values() if key is not None}
    numbers = dict(visible_cases(request.user).filter(pk__in=wanted).values_list("pk", "number"))
    context = {
        "nav": "undelivered",
        "mails": [(mail, numbers.get(keys[mail.pk] or 0, "")) for mail in page.messages],
        **page_links(request, page.before),
    }
    return render(request, "desk/undelivered.html", context)


@staff_required(Capability.CHANGE_SETTINGS)
@form_on("desk:undelivered")
@of_all_branches
def retry(request: StaffRequest, message_id: int) -> HttpResponse:
    """Send one of them again."""
    get_object_or_404(OutboxMessage.objects.only("pk"), pk=message_id)
    try:
        retry_message(actor=request.user, message_id=message_id)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The message is sent again."))
    return redirect("desk:undelivered")


@staff_required(Capability.CHANGE_SETTINGS)
@form_on("desk:undelivered")
@of_all_branches
def retry_all(request: StaffRequest) -> HttpResponse:
    """Send all of the last two weeks again, as after the mail server was away."""
    count = retry_failed_messages(actor=request.user)
    said = ngettext("%(count)s message is sent again.", "%(count)s messages are sent again.", count)
    messages.success(request, said % {"count": count})
    return redirect("desk:undelivered")


def _case_id(mail: OutboxMessage) -> int | None:
    kind, _colon, key = mail.about.partition(":")
    return id_in(key) if kind == "case" else None
