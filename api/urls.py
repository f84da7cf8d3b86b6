"""Addresses of the API."""

from __future__ import annotations

from django.http import Http404
from django.urls import URLPattern, path, re_path
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView
from rest_framework.request import Request
from rest_framework.views import APIView

from api.views.cases import CasesView, CaseView, NotesView
from api.views.customers import CustomersView
from api.views.payments import PaymentCallbackView
from api.views.vouchers import LookUpView, RedeemView, ReverseView

app_name = "api"


@extend_schema(exclude=True)
class NothingHere(APIView):
    """An address that is none gets a problem document as well, instead of a page."""

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        raise Http404


urlpatterns: list[URLPattern] = [
    path("cases/", CasesView.as_view(), name="cases"),
    path("cases/<slug:number>/", CaseView.as_view(), name="case"),
    path("cases/<slug:number>/notes/", NotesView.as_view(), name="notes"),
    path("customers/", CustomersView.as_view(), name="customers"),
    path("payments/callback/", PaymentCallbackView.as_view(), name="payment_callback"),
    path("vouchers/look-up/", LookUpView.as_view(), name="voucher_look_up"),
    path("vouchers/redeem/", RedeemView.as_view(), name="voucher_redeem"),
    path("redemptions/<int:redemption_id>/reverse/", ReverseView.as_view(), name="redemption_reverse"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    re_path(r"^.*$", NothingHere.as_view(), name="nothing"),
]
