"""What banks mean by the codes with which they refuse a payment, in the reader's words."""

from __future__ import annotations

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

# The codes that are usual for credit transfers, of ISO 20022's external code set ExternalStatusReason1Code.
REASONS = {
    "AC01": gettext_lazy("there is no account with this number"),
    "AC03": gettext_lazy("the payee’s account number is not valid"),
    "AC04": gettext_lazy("the account is closed"),
    "AC06": gettext_lazy("the account is blocked"),
    "AG01": gettext_lazy("this account may not get such payments"),
    "AM02": gettext_lazy("the amount is above what is allowed"),
    "AM03": gettext_lazy("this currency is not handled"),
    "AM04": gettext_lazy("the paying account has too little money"),
    "AM05": gettext_lazy("the bank takes it for a payment that it had already"),
    "BE01": gettext_lazy("the name and the account do not belong together"),
    "BE04": gettext_lazy("the payee’s address is missing"),
    "CUST": gettext_lazy("the payer took it back"),
    "DT01": gettext_lazy("the date is not valid"),
    "FF01": gettext_lazy("the file is not as the bank wants it"),
    "MD07": gettext_lazy("the payee has died"),
    "MS02": gettext_lazy("the payee refused it, without a reason"),
    "MS03": gettext_lazy("the bank refused it, without a reason"),
    "RC01": gettext_lazy("the number of the bank is wrong"),
    "RR04": gettext_lazy("a rule of the authorities stands against it"),
    "TM01": gettext_lazy("it came after the bank’s closing time"),
}
_CODES = re.compile(rf"\b({'|'.join(REASONS)})\b", re.ASCII)


def explained(reason: str) -> str:
    """The reason as it was given, with what each code in it means beside it."""
    return _CODES.sub(
        lambda found: _("{code} ({words})").format(code=found[0], words=REASONS[found[0]]), reason
    )
