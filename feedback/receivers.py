"""What surveys do when a case is resolved or opened again."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.dispatch import receiver

from cases.models import Case
from cases.signals import case_reopened, case_resolved
from feedback.actions.invite import call_off_surveys, schedule_survey


@receiver(case_resolved, dispatch_uid="feedback.plan_survey")
def plan_survey(case: Case, at: dt.datetime, **_kwargs: Any) -> None:
    schedule_survey(case=case, at=at)


@receiver(case_reopened, dispatch_uid="feedback.drop_survey")
def drop_survey(case: Case, **_kwargs: Any) -> None:
    call_off_surveys(case=case)
