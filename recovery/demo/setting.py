"""What all stories of the demo share: people, money, words, seeded rows, and the hours people keep."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from cases.models import Cause, Defect
from cases.queries import playbook_steps
from cases.states import FailureType
from recovery.demo.answers import Answers
from recovery.demo.money import Purse
from recovery.demo.staff import Staff
from recovery.demo.trail import Trail
from recovery.demo.world import Targets

EVENING, MORNING, DAY_BEGINS = dt.time(22, 30), dt.time(7, 30), dt.time(6, 45)


def by_morning(moment: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The same moment by day; what lies in the night is drawn together before the morning, in order."""
    local = moment.astimezone(zone)
    if MORNING <= local.time() < EVENING:
        return moment
    day = local.date() + dt.timedelta(days=1 if local.time() >= EVENING else 0)
    ends = dt.datetime.combine(day, MORNING, zone)
    night = ends - dt.datetime.combine(day - dt.timedelta(days=1), EVENING, zone)
    squeezed = ends - dt.datetime.combine(day, DAY_BEGINS, zone)
    return (ends - squeezed * ((ends - local) / night)).astimezone(dt.UTC)


class Setting:
    """What all stories share: people, money, words and rows that were seeded."""

    def __init__(
        self,
        *,
        now: dt.datetime,
        staff: Staff,
        purse: Purse,
        answers: Answers,
        trail: Trail,
        targets: Targets,
        emails: Mapping[int, str],
    ) -> None:
        self.now = now
        self.staff = staff
        self.purse = purse
        self.answers = answers
        self.trail = trail
        self.targets = targets
        self.emails = emails
        self.defects = {defect.code: defect for defect in Defect.objects.filter(family__isnull=False)}
        self.causes = {cause.code: cause for cause in Cause.objects.all()}
        self.kinds = {failure_type: playbook_steps(failure_type) for failure_type in FailureType}
