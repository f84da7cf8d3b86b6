"""The branch that imported cases belong to: a named one, or one that the import makes for itself."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.access import require
from accounts.actions.branches import BranchRecord
from accounts.models import Branch, User
from accounts.states import Capability
from cases.importing import BranchPlan
from common.errors import Invalid
from sla.actions.branches import open_branch
from sla.actions.calendars import CalendarRecord, save_calendar, write_day
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
    new = BranchRecord(
        code=plan.code,
        name_en=plan.name_en,
        name_zh=plan.name_zh,
        time_zone=zone.key,
        currency=plan.currency,
    )
    with transaction.atomic():
        calendar = Calendar.objects.filter(code=plan.code).first() or save_calendar(
            actor=actor, calendar_id=None, new=_office_hours(plan, zone)
        )
        return open_branch(actor=actor, new=new, calendar=calendar)


def _office_hours(plan: BranchPlan, zone: ZoneInfo) -> CalendarRecord:
    return CalendarRecord(
        code=plan.code,
        name_en=plan.name_en,
        name_zh=plan.name_zh,
        time_zone=zone.key,
        hours={int(day): write_day(pairs) for day, pairs in OFFICE_WEEK.items()},
        holiday_country=plan.holidays,
    )
