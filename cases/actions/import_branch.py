"""The branch that imported cases belong to: a named one, or one that the import makes for itself."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.models import Branch, User
from accounts.states import Capability
from audit.actions import record
from cases.importing import BranchPlan
from common.errors import Invalid
from common.money import CURRENCIES
from sla.models import BranchCalendar, Calendar
from sla.seed import OFFICE_WEEK


def branch_for_import(*, actor: User | None, code: str | None, plan: BranchPlan, zone: ZoneInfo) -> Branch:
    """The branch with that code; without one, the branch the profile plans, made if it is missing.

    A branch made here works office hours in the time zone of the records, so that the response times told in
    them are measured in the business time of the place. An actor of None is the operator at the console.
    Raises `Invalid` when there is no branch with that code, naming those there are, `NotAllowed`.
    """
    if code is None:
        branch = Branch.objects.filter(code=plan.code).first() or _create(actor, plan, zone)
    else:
        branch = _named(code)
    if actor is not None:
        require(actor, Capability.LOG_CASE, branch_id=branch.pk)
    if not BranchCalendar.objects.filter(branch=branch).exists():
        raise Invalid(
            _("Branch %(code)s has no business calendar."), field="branch", params={"code": branch.code}
        )
    return branch


def _named(code: str) -> Branch:
    branch = Branch.objects.filter(code=code).first()
    if branch is not None:
        return branch
    codes = ", ".join(Branch.objects.order_by("code").values_list("code", flat=True))
    if not codes:
        raise Invalid(
            _("There is no branch yet. Leave the branch out, and the import makes one."), field="branch"
        )
    raise Invalid(
        _("There is no branch %(code)s; there are: %(codes)s."),
        field="branch",
        params={"code": code, "codes": codes},
    )


def _create(actor: User | None, plan: BranchPlan, zone: ZoneInfo) -> Branch:
    if actor is not None:
        require(actor, Capability.CHANGE_SETTINGS)
    if plan.currency not in CURRENCIES:
        raise Invalid(_("Choose a currency from the list."), field="currency")
    with transaction.atomic():
        branch = Branch.objects.create(
            code=plan.code,
            name_en=plan.name_en,
            name_zh=plan.name_zh,
            time_zone=zone.key,
            currency=plan.currency,
        )
        calendar, _made = Calendar.objects.get_or_create(
            code=plan.code,
            defaults={
                "name_en": plan.name_en,
                "name_zh": plan.name_zh,
                "time_zone": zone.key,
                "week": OFFICE_WEEK,
                "holiday_country": plan.holidays,
                "changed_at": timezone.now(),
            },
        )
        BranchCalendar.objects.create(branch=branch, calendar=calendar)
        record(
            stream=f"branch:{branch.pk}",
            verb="branch.created",
            actor=actor,
            data={"code": branch.code, "time_zone": branch.time_zone, "currency": branch.currency},
            begins=True,
        )
    return branch
