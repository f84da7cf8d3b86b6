"""Vouchers of remedies: issued to whom a remedy granted one and a mail reaches, by a sweep.

Whoever has no e-mail address gets theirs from staff, who are shown the code.
"""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from common.errors import DomainError
from compensation.actions.guards import hold_case
from compensation.actions.vouchers import issue_voucher
from compensation.models import KindSetting, Offer, RemedyShare
from compensation.states import Need, OfferState, RemedyState, ShareProblem
from customers.models import ContactPoint
from customers.states import ContactKind

log = logging.getLogger(__name__)

BATCH = 100


def issue_due_vouchers(*, limit: int = BATCH) -> int:
    """Issue up to `limit` vouchers that remedies have granted; returns how many were due.

    Each is a transaction of its own, in the name of whoever started the remedy. Several sweeps may run at
    once, and may be killed: a voucher is issued once, with its mail. One that can't be issued is left for
    staff, and the page of the remedy says so.
    """
    rows = list(_due().values_list("pk", "case_id", "remedy__started_by")[:limit])
    starters = User.objects.in_bulk({starter for _offer, _case, starter in rows})
    for offer_id, case_id, starter in rows:
        try:
            with transaction.atomic():
                if hold_case(case_id) is not None and _due().filter(pk=offer_id).exists():
                    issue_voucher(actor=starters[starter], offer_id=offer_id)
        except Exception as error:
            # The others must not wait for it; a refusal is no fault of ours, anything else is.
            log.warning("Voucher of offer %s", offer_id, exc_info=not isinstance(error, DomainError))
            RemedyShare.objects.filter(offer=offer_id).update(problem=ShareProblem.VOUCHER)
    return len(rows)


def _due() -> QuerySet[Offer]:
    codes = KindSetting.objects.filter(need=Need.CODE).values("pk")
    addressed = ContactPoint.objects.filter(customer=OuterRef("case__customer"), kind=ContactKind.EMAIL)
    granted = Offer.objects.filter(state=OfferState.APPROVED, remedy__isnull=False, kind__in=codes)
    running = granted.filter(
        remedy__tell_customers=True,
        remedy__state__in=(RemedyState.RUNNING, RemedyState.DONE),
        share__problem="",
    )
    return running.filter(Exists(addressed)).order_by("id")
