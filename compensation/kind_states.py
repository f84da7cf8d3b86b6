"""What can be told of a fulfilment beside its reference, by what a kind of offer needs."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from compensation.states import Need


class Detail(models.TextChoices):
    """One thing that proves a fulfilment or helps to find it again."""

    TAX = "tax", _("Tax contained or withheld")
    PROVIDER = "provider", _("Where it is booked")
    BOOKED_FOR = "booked_for", _("Booked for")
    RECEIPT = "receipt", _("Number of the receipt")
    RECEIPT_AMOUNT = "receipt_amount", _("Amount of the receipt")
    ITEM = "item", _("Article")
    STOCK_NUMBER = "stock_number", _("Stock number")
    QUANTITY = "quantity", _("Quantity")
    CARRIER = "carrier", _("Post or courier")
    ACCOUNT = "account", _("Account or membership number")
    SIGNED_BY = "signed_by", _("Signed by")


# What is asked as the fulfilment of a kind with each need is recorded.
DETAILS: dict[Need, tuple[Detail, ...]] = {
    Need.PAYMENT: (Detail.TAX,),
    Need.CODE: (),
    Need.BOOKING: (Detail.PROVIDER, Detail.BOOKED_FOR),
    Need.RECEIPT: (Detail.PROVIDER, Detail.BOOKED_FOR, Detail.RECEIPT, Detail.RECEIPT_AMOUNT),
    Need.SHIPMENT: (Detail.ITEM, Detail.STOCK_NUMBER, Detail.QUANTITY, Detail.CARRIER),
    Need.CREDIT: (Detail.ACCOUNT,),
    Need.LETTER: (Detail.SIGNED_BY,),
}
MONEY_DETAILS = frozenset({Detail.TAX, Detail.RECEIPT_AMOUNT})
