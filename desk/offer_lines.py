"""Offers as lines of a file for a spreadsheet."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from common.money import in_currency
from compensation.models import Offer


def offer_headings() -> list[str]:
    """What `offer_cells` holds, in the reader's language."""
    return [
        _("Offer"), _("Case"), _("Customer"), _("Branch"), _("Kind"), _("Basis"), _("State"), _("Currency"),
        _("Asked for"), _("Granted"), _("Proposed by"), _("Proposed"), _("Decided by"), _("Decided"),
    ]  # fmt: skip


def offer_cells(offer: Offer, zone: ZoneInfo) -> list[object]:
    """One offer with its case, customer and people, which should be joined; times are of that zone."""
    approval = getattr(offer, "approval", None)
    return [
        offer.pk, offer.case.number, offer.case.customer.name, offer.branch.label,
        offer.get_kind_display(), offer.get_basis_display(), offer.get_state_display(), offer.currency,
        in_currency(offer.amount, offer.currency), in_currency(offer.granted_amount, offer.currency),
        offer.proposer.name, local(offer.proposed_at, zone),
        approval.approver.name if approval else "", local(offer.decided_at, zone),
    ]  # fmt: skip


def local(moment: dt.datetime | None, zone: ZoneInfo) -> str:
    """A time as spreadsheets read it; "" for none."""
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M") if moment else ""
