"""A request that is sent again does nothing again: `Idempotency-Key` names it, and its answer is kept."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from http import HTTPStatus

from django.conf import settings
from django.db import OperationalError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter
from psycopg2 import errors
from rest_framework.exceptions import APIException
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from api.models import KeptAnswer
from common.pruning import delete_in_batches

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
LONGEST_KEY = 200
PARAMETER = OpenApiParameter(
    HEADER,
    str,
    OpenApiParameter.HEADER,
    description="Names this request. Sent again with the same key, it is not carried out again.",
)


class BadKey(APIException):
    """The key is empty, too long, or holds what a header may not."""

    status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    default_code = "idempotency_key_invalid"


class KeyReused(APIException):
    """The key has named another request before."""

    status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    default_code = "idempotency_key_reused"


class StillAtWork(APIException):
    """The first request with the key has no answer yet."""

    status_code = HTTPStatus.CONFLICT
    default_code = "idempotency_key_in_use"
    wait = 5


def once(request: Request, work: Callable[[], Response]) -> Response:
    """Do the work, unless a request with the same key has had it done: then give back that one's answer.

    Without a key the work is done each time. Work that is refused leaves nothing, so that a request put
    right may use the key again. Raises `BadKey`, `KeyReused`, `StillAtWork`.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return work()
    key = key.strip()
    if not key or len(key) > LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise BadKey(_("A key is 1 to %(most)s printable ASCII characters.") % {"most": LONGEST_KEY})
    assert isinstance(request.user, User)
    fingerprint = _fingerprint(request)
    with transaction.atomic():
        if not _claim(request.user, key, fingerprint):
            return _replay(KeptAnswer.objects.get(user=request.user, key=key), fingerprint)
        answer = work()
        KeptAnswer.objects.filter(user=request.user, key=key).update(
            status=answer.status_code,
            body=JSONRenderer().render(answer.data).decode(),
            location=answer.headers.get("Location", ""),
        )
    return answer


def prune_kept_answers() -> int:
    """Forget the answers that are older than any retry; returns how many."""
    until = timezone.now() - dt.timedelta(days=settings.API_IDEMPOTENCY_DAYS)
    old = KeptAnswer.objects.filter(created_at__lte=until).order_by("created_at")
    return delete_in_batches(KeptAnswer, old)


def _claim(user: User, key: str, fingerprint: str) -> bool:
    """Whether the key is ours. Waits while another request holds it, and loses only if that one succeeds."""
    row = KeptAnswer(user=user, key=key, fingerprint=fingerprint)
    try:
        # Without conflicts PostgreSQL reports a row; the ORM does not, so the row is looked for.
        KeptAnswer.objects.bulk_create([row], ignore_conflicts=True)
    except OperationalError as error:
        if isinstance(error.__cause__, errors.LockNotAvailable):
            raise StillAtWork(_("The first request with this key is still at work.")) from None
        raise
    return KeptAnswer.objects.filter(user=user, key=key, status=0).exists()


def _replay(kept: KeptAnswer, fingerprint: str) -> Response:
    if kept.fingerprint != fingerprint:
        raise KeyReused(_("This key has named another request before. Use a new one."))
    headers = {REPLAYED: "true"}
    if kept.location:
        headers["Location"] = kept.location
    return Response(json.loads(kept.body), status=kept.status, headers=headers)


def _fingerprint(request: Request) -> str:
    """What makes a request the same one: method, address and what it says, however that is spaced."""
    said = json.dumps(request.data, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(f"{request.method} {request.path}\n{said}".encode()).hexdigest()
