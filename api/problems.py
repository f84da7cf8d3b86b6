"""Errors as problem documents (RFC 9457): what is wrong, in the caller's language, and at which field."""

from __future__ import annotations

import math
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from common.errors import Conflict, DomainError, NotAllowed

CONTENT_TYPE = "application/problem+json"


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's hook: the problem document for an error; None for one that is our own fault."""
    path = context["request"].get_full_path()
    if isinstance(error, DomainError):
        return _domain_problem(error, path)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    set_rollback()
    headers: dict[str, str] = {}
    if header := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(math.ceil(wait))
    if isinstance(error, exceptions.ValidationError):
        fields = list(field_errors(error.detail))
        return problem(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            code="invalid",
            detail=_("Some of it is not right."),
            path=path,
            errors=fields,
        )
    code = error.get_codes()
    return problem(
        HTTPStatus(error.status_code),
        code=code if isinstance(code, str) else "error",
        detail=str(error.detail),
        path=path,
        headers=headers,
    )


def problem(
    status: HTTPStatus,
    *,
    code: str,
    detail: str,
    path: str,
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    """One problem document. `code` is for programs, `detail` for people."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": detail,
        "instance": path,
        "code": code,
    }
    if errors:
        body["errors"] = errors
    return Response(body, status=status, headers=headers, content_type=CONTENT_TYPE)


def field_errors(detail: Any, at: str = "") -> Iterator[dict[str, str]]:
    """DRF's nested errors as a flat list; `field` is a path such as "customer.email"."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            own = "" if name == "non_field_errors" else str(name)
            yield from field_errors(inner, ".".join(part for part in (at, own) if part))
    elif isinstance(detail, list):
        for number, inner in enumerate(detail):
            nested = isinstance(inner, dict)
            yield from field_errors(inner, f"{at}.{number}" if nested else at)
    else:
        yield {"field": at, "code": getattr(detail, "code", "invalid"), "detail": str(detail)}


def _domain_problem(error: DomainError, path: str) -> Response:
    set_rollback()
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    if isinstance(error, NotAllowed):
        status = HTTPStatus.FORBIDDEN
    elif isinstance(error, Conflict):
        status = HTTPStatus.CONFLICT
    text = str(error)
    errors = [{"field": error.field, "code": error.code, "detail": text}] if error.field else None
    return problem(status, code=error.code, detail=text, path=path, errors=errors)
