"""The mailbox: where mail arrives while no mail server is set up, so that a demo can be played to its end."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts.states import Capability
from cases.access import visible_cases
from cases.models import Case
from common.errors import DomainError
from desk.access import StaffRequest, form_on, staff_required
from desk.paging import key_in, page_links
from messaging.actions import retry_message
from messaging.actions.sending import uses_mailbox
from messaging.models import OutboxMessage
from messaging.queries import mailbox
from messaging.secrets_in_mail import filled
from messaging.states import MessageState

_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,;:!?)。，；：！？）]")
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class MailboxFilter(forms.Form):
    """What the mailbox is narrowed to."""

    address = forms.CharField(required=False, max_length=254)
    state = forms.ChoiceField(required=False, choices=[("", ""), *MessageState.choices])


@staff_required(Capability.SEE_CASES)
@require_safe
def mailbox_page(request: StaffRequest) -> HttpResponse:
    """Messages, the newest first."""
    _check_open(request)
    chosen = MailboxFilter(request.GET)
    chosen.is_valid()
    given = chosen.cleaned_data
    try:
        before = key_in(request)
    except ValueError:
        return redirect("desk:mailbox")
    page = mailbox(
        before=before,
        address=given.get("address", ""),
        state=given.get("state", ""),
    )
    context = {
        "nav": "mailbox",
        "mails": page.messages,
        **page_links(request, page.before),
        "address": given.get("address", ""),
        "state": given.get("state", ""),
        "states": MessageState.choices,
    }
    return render(request, "desk/mailbox.html", context)


@staff_required(Capability.SEE_CASES)
@require_safe
def message_page(request: StaffRequest, message_id: int) -> HttpResponse:
    """One message as its reader gets it in plain text, with links into the product that work."""
    _check_open(request)
    mail = get_object_or_404(OutboxMessage, pk=message_id)
    context = {
        "nav": "mailbox",
        "mail": mail,
        "body": with_links(_text_of(mail)),
        "is_failed": mail.state == MessageState.FAILED,
        "case": _case_of(request, mail),
    }
    return render(request, "desk/mailbox_message.html", context)


@staff_required(Capability.CHANGE_SETTINGS)
@form_on("desk:mailbox_message", "message_id")
def retry(request: StaffRequest, message_id: int) -> HttpResponse:
    """Send a failed message again."""
    _check_open(request)
    get_object_or_404(OutboxMessage.objects.only("pk"), pk=message_id)
    try:
        retry_message(actor=request.user, message_id=message_id)
    except DomainError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, _("The message is sent again."))
    return redirect("desk:mailbox_message", message_id)


def _text_of(mail: OutboxMessage) -> str:
    """The text with what is secret in it, or without where the key is gone."""
    try:
        return mail.whole_text
    except ValueError:
        return filled(mail.body_text, "")


def _case_of(request: StaffRequest, mail: OutboxMessage) -> Case | None:
    """The case that a message is about, where the reader may see it."""
    kind, _colon, key = mail.about.partition(":")
    if kind != "case" or not key.isdecimal():
        return None
    return visible_cases(request.user).filter(pk=int(key)).only("number", "summary").first()


def _check_open(request: StaffRequest) -> None:
    """In a demo the mailbox is everybody's. Elsewhere it holds customers' mail: administrators' business."""
    if not uses_mailbox():
        raise Http404
    if not settings.DEMO and not request.user.may(Capability.CHANGE_SETTINGS):
        raise PermissionDenied


def with_links(text: str) -> SafeString:
    """The text, escaped, with links to the product itself clickable; no other address becomes a link.

    They lead to the host that the reader is on, which may be called otherwise than in the mail.
    """
    parts: list[SafeString] = []
    at = 0
    for found in _LINK.finditer(text):
        link = urlsplit(found.group())
        if not _is_ours(link):
            continue
        path = link._replace(scheme="", netloc="").geturl() or "/"
        parts.append(
            format_html(
                '{}<a href="{}" target="_blank" rel="noopener">{}</a>',
                text[at : found.start()],
                path,
                found.group(),
            )
        )
        at = found.end()
    return format_html("{}{}", format_html_join("", "{}", ((part,) for part in parts)), text[at:])


def _is_ours(link: SplitResult) -> bool:
    """Whether a link leads into this product; on one's own machine also by a port that it had before."""
    own = urlsplit(settings.PUBLIC_URL)
    if (link.scheme, link.netloc) == (own.scheme, own.netloc):
        return True
    return settings.LOCAL and link.hostname in LOOPBACK
