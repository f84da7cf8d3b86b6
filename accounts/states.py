"""Roles, and what each may do: a table, not code."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    FRONTLINE = "frontline", _("Frontline")
    SUPERVISOR = "supervisor", _("Supervisor")
    MANAGER = "manager", _("Manager")
    ADMIN = "admin", _("Administrator")
    AUDITOR = "auditor", _("Auditor")
    FINANCE = "finance", _("Finance")


class Capability(models.TextChoices):
    SEE_CASES = "see_cases", _("see cases")
    LOG_CASE = "log_case", _("log complaints")
    RECOVER_CASE = "recover_case", _("work on recovery")
    ASSIGN_CASE = "assign_case", _("assign cases to others")
    PROPOSE_OFFER = "propose_offer", _("propose compensation")
    DECIDE_OFFER = "decide_offer", _("decide on compensation")
    FULFIL_OFFER = "fulfil_offer", _("record fulfilment")
    PAY_COMPENSATION = "pay_compensation", _("pay compensation")
    REDEEM_VOUCHER = "redeem_voucher", _("issue and redeem vouchers")
    DECLARE_INCIDENT = "declare_incident", _("lead incidents")
    SEE_INSIGHTS = "see_insights", _("see insights")
    SEE_SETTINGS = "see_settings", _("see settings")
    CHANGE_SETTINGS = "change_settings", _("change settings")
    SEE_AUDIT = "see_audit", _("see the audit trail")
    REVIEW_OFFERS = "review_offers", _("review compensation afterwards")


_DESK = {
    Capability.SEE_CASES,
    Capability.LOG_CASE,
    Capability.RECOVER_CASE,
    Capability.PROPOSE_OFFER,
    Capability.FULFIL_OFFER,
    Capability.REDEEM_VOUCHER,
}

CAPABILITIES: dict[Role, frozenset[Capability]] = {
    Role.FRONTLINE: frozenset(_DESK),
    Role.SUPERVISOR: frozenset(
        _DESK
        | {
            Capability.ASSIGN_CASE,
            Capability.DECIDE_OFFER,
            Capability.DECLARE_INCIDENT,
            Capability.SEE_INSIGHTS,
        }
    ),
    Role.MANAGER: frozenset(
        _DESK
        | {
            Capability.ASSIGN_CASE,
            Capability.DECIDE_OFFER,
            Capability.PAY_COMPENSATION,
            Capability.DECLARE_INCIDENT,
            Capability.SEE_INSIGHTS,
            Capability.SEE_SETTINGS,
            Capability.SEE_AUDIT,
            Capability.REVIEW_OFFERS,
        }
    ),
    Role.ADMIN: frozenset(
        {
            Capability.SEE_CASES,
            Capability.SEE_INSIGHTS,
            Capability.SEE_SETTINGS,
            Capability.CHANGE_SETTINGS,
            Capability.SEE_AUDIT,
        }
    ),
    Role.AUDITOR: frozenset(
        {
            Capability.SEE_CASES,
            Capability.SEE_INSIGHTS,
            Capability.SEE_SETTINGS,
            Capability.SEE_AUDIT,
            Capability.REVIEW_OFFERS,
        }
    ),
    # Who pays neither proposes nor decides.
    Role.FINANCE: frozenset(
        {
            Capability.SEE_CASES,
            Capability.FULFIL_OFFER,
            Capability.PAY_COMPENSATION,
            Capability.SEE_INSIGHTS,
            Capability.SEE_SETTINGS,
        }
    ),
}

# Who is told at each escalation level of a clock.
ESCALATES_TO: dict[int, Role] = {2: Role.SUPERVISOR, 3: Role.MANAGER}


class Theme(models.TextChoices):
    AUTO = "auto", _("As the device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")
