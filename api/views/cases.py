"""Cases through the API: list, read, log, note."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.access import require
from accounts.models import User
from accounts.states import Capability
from api.idempotency import PARAMETER, once
from api.intake import CUSTOMER_FIELDS, NoSuchCustomer, logged_before, new_case
from api.pagination import NewestFirst
from api.permissions import MaySeeCases
from api.serializers import CaseDetail, CaseIn, CaseQuery, CaseRow, EntryRow, NoteIn
from cases.access import get_case_for, visible_cases
from cases.actions.log import AlreadyLogged, log_complaint
from cases.actions.timeline import add_note
from cases.models import Case
from cases.queries import clocks_of, for_list, steps_of
from cases.timeline_queries import timeline_of
from common.errors import DomainError

PROBLEM = OpenApiResponse(description="A problem document (RFC 9457), application/problem+json.")


class CasesView(GenericAPIView[Case]):
    """Cases of the branches that the caller works for."""

    permission_classes = (MaySeeCases,)
    pagination_class = NewestFirst
    serializer_class = CaseRow

    def get_queryset(self) -> QuerySet[Case]:
        query = CaseQuery(data=self.request.query_params)
        query.is_valid(raise_exception=True)
        given = query.validated_data
        lookups = {
            "state": "state",
            "branch": "branch__code",
            "severity": "severity",
            "received_since": "received_at__gte",
            "resolved_since": "resolved_at__gte",
        }
        wanted = {lookups[name]: value for name, value in given.items()}
        return for_list(visible_cases(_caller(self.request))).filter(**wanted)

    @extend_schema(
        operation_id="list_cases", parameters=[CaseQuery], responses={200: CaseRow(many=True), 422: PROBLEM}
    )
    def get(self, request: Request) -> Response:
        """List cases, the newest first."""
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(CaseRow(page, many=True).data)

    @extend_schema(
        operation_id="log_case",
        request=CaseIn,
        parameters=[PARAMETER],
        responses={
            200: CaseDetail,
            201: CaseDetail,
            403: PROBLEM,
            409: PROBLEM,
            422: PROBLEM,
            429: PROBLEM,
        },
    )
    def post(self, request: Request) -> Response:
        """Log a complaint.

        It starts its clocks, belongs to the key's owner until somebody takes it, and is acknowledged to the
        customer by e-mail. Sent again with the same `Idempotency-Key` or the same `external_reference`, it
        finds the case that there is; with the reference alone the answer is 200.
        """
        return once(request, lambda: _log(request))


class CaseView(GenericAPIView[Case]):
    """One case."""

    permission_classes = (MaySeeCases,)
    serializer_class = CaseDetail
    pagination_class = None

    @extend_schema(operation_id="read_case", responses={200: CaseDetail, 404: PROBLEM})
    def get(self, request: Request, number: str) -> Response:
        """Read a case with its steps, clocks and timeline."""
        return Response(_detail(_find(request, number)))


class NotesView(GenericAPIView[Case]):
    """Notes on a case."""

    permission_classes = (MaySeeCases,)
    serializer_class = NoteIn
    pagination_class = None

    @extend_schema(
        operation_id="note_on_case",
        request=NoteIn,
        parameters=[PARAMETER],
        responses={201: EntryRow, 403: PROBLEM, 404: PROBLEM, 409: PROBLEM, 422: PROBLEM, 429: PROBLEM},
    )
    def post(self, request: Request, number: str) -> Response:
        """Keep an internal note, which customers never see."""
        case = _find(request, number)
        require(_caller(request), Capability.RECOVER_CASE, branch_id=case.branch_id)
        form = NoteIn(data=request.data)
        form.is_valid(raise_exception=True)

        def work() -> Response:
            entry = add_note(actor=_caller(request), case_id=case.pk, body=form.validated_data["body"])
            return Response(EntryRow(entry).data, status=status.HTTP_201_CREATED)

        return once(request, work)


def _log(request: Request) -> Response:
    form = CaseIn(data=request.data)
    form.is_valid(raise_exception=True)
    given, caller = form.validated_data, _caller(request)
    code: int = status.HTTP_200_OK
    case = logged_before(caller, given)
    if case is None:
        try:
            case, code = log_complaint(actor=caller, new=new_case(given)), status.HTTP_201_CREATED
        except NoSuchCustomer:
            raise ValidationError({"customer": {"id": [_("There is no such customer.")]}}) from None
        except AlreadyLogged:
            # Someone else was logging it at the same moment.
            case = logged_before(caller, given)
            if case is None:
                raise
        except DomainError as error:
            error.field = CUSTOMER_FIELDS.get(error.field, error.field)
            raise
    body = _detail(_find(request, case.number))
    return Response(body, status=code, headers={"Location": f"{request.path}{case.number}/"})


def _caller(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user


def _find(request: Request, number: str) -> Case:
    try:
        return get_case_for(_caller(request), number)
    except Case.DoesNotExist:
        raise Http404 from None


def _detail(case: Case) -> dict[str, Any]:
    shown = {
        "shown_steps": steps_of(case),
        "shown_clocks": clocks_of(case),
        "shown_timeline": timeline_of(case),
    }
    for name, rows in shown.items():
        setattr(case, name, rows)
    return CaseDetail(case).data
