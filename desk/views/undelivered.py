"""Mail that did not arrive: what administrators see of it, and sending it again."""

from __future__ import annotations

from django.contrib import messages
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


@staff_required(Capability.CHANGE_SETTINGS)
@require_safe
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
def retry_all(request: StaffRequest) -> HttpResponse:
    """Send them all again, as after the mail server was away."""
    count = retry_failed_messages(actor=request.user)
    said = ngettext("%(count)s message is sent again.", "%(count)s messages are sent again.", count)
    messages.success(request, said % {"count": count})
    return redirect("desk:undelivered")


def _case_id(mail: OutboxMessage) -> int | None:
    kind, _colon, key = mail.about.partition(":")
    return id_in(key) if kind == "case" else None
