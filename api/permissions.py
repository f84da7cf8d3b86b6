"""What a role may do through the API: the same table that the pages use."""

from __future__ import annotations

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from accounts.models import User
from accounts.states import Capability


class MaySeeCases(BasePermission):
    """Signed-in staff whose role sees cases; what it takes to write, the actions check."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, User) and request.user.may(Capability.SEE_CASES)


class MayRedeem(BasePermission):
    """Signed-in staff whose role redeems vouchers."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return isinstance(request.user, User) and request.user.may(Capability.REDEEM_VOUCHER)
