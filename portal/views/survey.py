"""The survey: one minute on a phone, without an account, changeable until it closes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts.models import User
from common.attempts import allowed
from common.errors import Conflict, Invalid, NotAllowed
from feedback.actions.answer import submit_response
from feedback.models import Invitation, Response
from feedback.queries import invitation_by_token
from feedback.rules import zone_of
from feedback.states import FollowUpState
from portal.forms import SurveyForm
from portal.pages import not_found, speak, token_page

MOST_ANSWERS = 20
PER_SECONDS = 600


@token_page
@require_http_methods(["GET", "HEAD", "POST"])
def survey(request: HttpRequest, token: str) -> HttpResponse:
    """Show the questions, and take the answers."""
    try:
        invitation = invitation_by_token(token)
    except Invitation.DoesNotExist:
        return not_found(request)
    speak(request, invitation.language)
    context = _context(invitation)
    with timezone.override(zone_of(invitation.case.customer.time_zone, invitation.case.branch.time_zone)):
        if _staff(request) is not None and request.method != "POST":
            return _refuse_staff(request, context)
        if _is_closed(invitation):
            return _closed(request, context)
        if request.method == "POST":
            return _take_answers(request, invitation, context)
        form = SurveyForm(invitation.instrument, initial=_known_answers(request, context["response"]))
        return render(request, "portal/survey.html", context | {"form": form})


@token_page
@require_GET
def thanks(request: HttpRequest, token: str) -> HttpResponse:
    """Thank the customer, and say what comes of a low score."""
    try:
        invitation = invitation_by_token(token)
    except Invitation.DoesNotExist:
        return not_found(request)
    speak(request, invitation.language)
    context = _context(invitation)
    if context["response"] is None:
        return redirect("portal:survey", token)
    follow_up = getattr(context["response"], "follow_up", None)
    context["will_be_called"] = follow_up is not None and follow_up.state == FollowUpState.OPEN
    with timezone.override(zone_of(invitation.case.customer.time_zone, invitation.case.branch.time_zone)):
        return render(request, "portal/survey_thanks.html", context)


def _staff(request: HttpRequest) -> User | None:
    """Who of the staff looks on, if anybody.

    In a demo one person plays every part, and opens the customer's mail in the desk's own mailbox.
    """
    return request.user if isinstance(request.user, User) and not settings.DEMO else None


def _refuse_staff(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    said = {
        "title": _("Surveys are answered by customers"),
        "sign": "user-off",
        "text": _(
            "You are signed in as %(name)s. So that nobody rates their own work, "
            "staff cannot answer a survey."
        )
        % {"name": getattr(request.user, "name", "")},
    }
    return render(request, "portal/survey_staff.html", context | said, status=HTTPStatus.FORBIDDEN)


def _take_answers(request: HttpRequest, invitation: Invitation, context: dict[str, Any]) -> HttpResponse:
    form = SurveyForm(invitation.instrument, request.POST)
    if not allowed(f"survey:{invitation.pk}", most=MOST_ANSWERS, seconds=PER_SECONDS):
        return _wait(request, context)
    if form.is_valid():
        try:
            submit_response(
                token=invitation.token,
                answers=form.answers,
                comment=form.cleaned_data["comment"],
                actor=_staff(request),
            )
        except NotAllowed:
            return _refuse_staff(request, context)
        except Invalid as error:
            form.add_error(error.field if error.field in form.fields else None, str(error))
        except Conflict:
            return _closed(request, context)
        else:
            return redirect("portal:survey_thanks", invitation.token)
    return render(
        request, "portal/survey.html", context | {"form": form}, status=HTTPStatus.UNPROCESSABLE_ENTITY
    )


def _context(invitation: Invitation) -> dict[str, Any]:
    response = getattr(invitation, "response", None)
    case = invitation.case
    return {
        "brand_name": case.branch.label,
        "invitation": invitation,
        "case": case,
        "response": response,
        "is_closed": _is_closed(invitation),
    }


def _is_closed(invitation: Invitation) -> bool:
    return invitation.closes_at is None or timezone.now() >= invitation.closes_at


def _closed(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    text = (
        _("Your answers have arrived; thank you for them. They can no longer be changed.")
        if context["response"]
        else _(
            "It could be answered for two weeks. If something is still not right, please tell us as you did "
            "before: your complaint can be opened again."
        )
    )
    said = {"title": _("This survey is closed"), "sign": "lock", "text": text}
    return render(request, "portal/note.html", context | said, status=HTTPStatus.GONE)


def _wait(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    said = {
        "title": _("Please wait a moment"),
        "sign": "hourglass",
        "text": _(
            "These answers were changed many times in a few minutes. The last ones that we confirmed "
            "are kept; please try again in ten minutes."
        ),
    }
    return render(request, "portal/note.html", context | said, status=HTTPStatus.TOO_MANY_REQUESTS)


def _known_answers(request: HttpRequest, response: Response | None) -> dict[str, Any]:
    """What was answered before, and the answer to the first question that the mail's link carries."""
    known: dict[str, Any] = {}
    if response is not None:
        known = {**response.answers, "comment": response.comment}
    first = request.GET.get("first", "")
    if first.isascii() and first.isdigit() and len(first) <= 2:
        known["recovery"] = int(first)
    return known
