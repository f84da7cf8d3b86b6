"""Customers through the API."""

from __future__ import annotations

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from api.permissions import MaySeeCases
from api.serializers import CustomerList, CustomerQuery
from api.views.cases import PROBLEM
from cases.queries import complaint_counts
from customers.models import Customer
from customers.queries import find_customers

MOST = 25


class CustomersView(GenericAPIView[Customer]):
    """Customers that a text finds."""

    permission_classes = (MaySeeCases,)
    serializer_class = CustomerList
    pagination_class = None

    @extend_schema(
        operation_id="find_customers", parameters=[CustomerQuery], responses={200: CustomerList, 422: PROBLEM}
    )
    def get(self, request: Request) -> Response:
        """Find customers by phone number, e-mail address, order number or name; at most 25."""
        query = CustomerQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        found = find_customers(query.validated_data["q"], limit=MOST)
        counts = complaint_counts([customer.pk for customer in found])
        for customer in found:
            customer.open_complaints, customer.complaints = counts.get(customer.pk, (0, 0))  # type: ignore[attr-defined]
        return Response(CustomerList({"results": found}).data)
