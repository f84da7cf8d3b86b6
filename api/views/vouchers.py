"""Vouchers through the API: what a code is worth, redeeming it once, and taking that back."""

from __future__ import annotations

from django.http import Http404
from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import Throttled
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import User
from api.idempotency import HEADER, PARAMETER, BadKey, once
from api.permissions import MayRedeem
from api.throttling import WINDOW
from api.views.cases import PROBLEM
from common.attempts import allowed, exhausted
from compensation.actions.redemption import (
    UnknownCode,
    Wanted,
    find_voucher,
    redeem_voucher,
    reverse_redemption,
)
from compensation.models import Redemption, Voucher
from compensation.states import VoucherStanding
from compensation.voucher_queries import get_redemption_for

MOST_WRONG = 20


class CodeIn(serializers.Serializer[Voucher]):
    """A code."""

    code = serializers.CharField(max_length=80, help_text="With or without dashes, in capitals or not.")


class RedeemIn(CodeIn):
    """What to redeem of a voucher."""

    amount = serializers.DecimalField(
        max_digits=14, decimal_places=4, required=False, help_text="Left out, all that remains."
    )
    bill = serializers.DecimalField(
        max_digits=14,
        decimal_places=4,
        required=False,
        help_text="The bill that a percentage is taken off; required for those, and for no others.",
    )
    reference = serializers.CharField(
        max_length=120, required=False, allow_blank=True, default="", help_text="The number of the bill."
    )


class ReverseIn(serializers.Serializer[Redemption]):
    """Why a redemption is taken back."""

    reason = serializers.CharField(max_length=500)


class VoucherOut(serializers.ModelSerializer[Voucher]):
    """A voucher, without its code."""

    standing = serializers.ChoiceField(choices=VoucherStanding.choices)
    last_day = serializers.DateField(help_text="The last day on which it is valid, at its branch.")

    class Meta:
        model = Voucher
        fields = (
            "id",
            "last_four",
            "standing",
            "value",
            "remaining",
            "currency",
            "percent",
            "single_use",
            "expires_at",
            "last_day",
        )


class RedemptionOut(serializers.ModelSerializer[Redemption]):
    """A redemption, or with `reverses` one that was taken back."""

    class Meta:
        model = Redemption
        fields = (
            "id",
            "voucher",
            "amount",
            "bill",
            "remaining_after",
            "reference",
            "reverses",
            "reason",
            "at",
        )


class LookUpView(GenericAPIView[Voucher]):
    """Vouchers by their code, which is sent in the body so that no log keeps it."""

    permission_classes = (MayRedeem,)
    serializer_class = CodeIn
    pagination_class = None

    @extend_schema(
        operation_id="look_up_voucher",
        request=CodeIn,
        responses={200: VoucherOut, 403: PROBLEM, 409: PROBLEM, 422: PROBLEM, 429: PROBLEM},
    )
    def post(self, request: Request) -> Response:
        """Say what a voucher is worth and how it stands; nothing is redeemed."""
        form = CodeIn(data=request.data)
        form.is_valid(raise_exception=True)
        return Response(VoucherOut(_find(request, form.validated_data["code"])).data)


class RedeemView(GenericAPIView[Voucher]):
    """Redeeming."""

    permission_classes = (MayRedeem,)
    serializer_class = RedeemIn
    pagination_class = None

    @extend_schema(
        operation_id="redeem_voucher",
        request=RedeemIn,
        parameters=[PARAMETER],
        responses={201: RedemptionOut, 403: PROBLEM, 409: PROBLEM, 422: PROBLEM, 429: PROBLEM},
    )
    def post(self, request: Request) -> Response:
        """Redeem all or part of a voucher, once.

        `Idempotency-Key` is required: without it a second part looks like the first one sent again.
        """
        if request.headers.get(HEADER) is None:
            raise BadKey(_("Redeeming needs the header Idempotency-Key."))
        form = RedeemIn(data=request.data)
        form.is_valid(raise_exception=True)
        given = form.validated_data
        _find(request, given["code"])

        def work() -> Response:
            wanted = Wanted(given.get("amount"), given.get("bill"), given["reference"])
            redemption = redeem_voucher(actor=_caller(request), code=given["code"], wanted=wanted)
            return Response(RedemptionOut(redemption).data, status=status.HTTP_201_CREATED)

        return once(request, work)


class ReverseView(GenericAPIView[Redemption]):
    """Taking redemptions back."""

    permission_classes = (MayRedeem,)
    serializer_class = ReverseIn
    pagination_class = None

    @extend_schema(
        operation_id="reverse_redemption",
        request=ReverseIn,
        parameters=[PARAMETER],
        responses={201: RedemptionOut, 403: PROBLEM, 404: PROBLEM, 409: PROBLEM, 422: PROBLEM},
    )
    def post(self, request: Request, redemption_id: int) -> Response:
        """Take a redemption back, whole and with a reason; the voucher is worth that much again."""
        try:
            get_redemption_for(_caller(request), redemption_id)
        except Redemption.DoesNotExist:
            raise Http404 from None
        form = ReverseIn(data=request.data)
        form.is_valid(raise_exception=True)

        def work() -> Response:
            reason = form.validated_data["reason"]
            reversal = reverse_redemption(actor=_caller(request), redemption_id=redemption_id, reason=reason)
            return Response(RedemptionOut(reversal).data, status=status.HTTP_201_CREATED)

        return once(request, work)


def _find(request: Request, code: str) -> Voucher:
    """The voucher; wrong codes are counted for each person, and too many make them wait."""
    caller = _caller(request)
    tries = f"voucher-code:{caller.pk}"
    if exhausted(tries, most=MOST_WRONG):
        raise Throttled(wait=10 * WINDOW)
    try:
        return find_voucher(actor=caller, code=code)
    except UnknownCode:
        allowed(tries, most=MOST_WRONG, seconds=10 * WINDOW)
        raise


def _caller(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user
