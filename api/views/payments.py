"""The payment system's answer: what became of a payment that was handed over to it."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.http import Http404
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.problems import problem
from compensation.actions.payment_results import settle_by_callback
from compensation.actions.payments import webhook_is_on
from compensation.models import PaymentLine
from compensation.payment_rules import is_signed


class PaymentAnswer(serializers.Serializer[Any]):
    """What became of a payment."""

    end_to_end_id = serializers.CharField(max_length=35)
    status = serializers.ChoiceField(choices=["confirmed", "failed"])
    reference = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


@extend_schema(exclude=True)
class PaymentCallbackView(APIView):
    """Confirms or fails a payment; the signature is the sign-in, so there is no account behind it."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()

    @method_decorator(sensitive_variables())
    def post(self, request: Request) -> Response:
        """The same answer may come again: 200 each time. 409 when the payment is settled otherwise."""
        if not webhook_is_on():
            raise Http404
        body: bytes = request._request.body
        signed = is_signed(
            settings.PAYMENT_WEBHOOK_SECRET,
            request.headers.get("Amends-Timestamp", ""),
            body,
            request.headers.get("Amends-Signature", ""),
            now=timezone.now(),
        )
        if not signed:
            return problem(
                HTTPStatus.UNAUTHORIZED,
                code="not_signed",
                detail=_("The signature is missing, wrong or too old."),
                path=request.get_full_path(),
            )
        values = PaymentAnswer(data=_read(body))
        values.is_valid(raise_exception=True)
        said = values.validated_data
        try:
            line = settle_by_callback(
                end_to_end_id=said["end_to_end_id"],
                paid=said["status"] == "confirmed",
                reference=said["reference"],
                reason=said["reason"],
            )
        except PaymentLine.DoesNotExist:
            raise Http404 from None
        return Response({"end_to_end_id": line.end_to_end_id, "state": line.state})


def _read(body: bytes) -> object:
    """The JSON of a body; None, which no serializer takes, where it is none."""
    try:
        return json.loads(body)
    except ValueError:
        return None
