"""States of an invitation and a follow-up, and the constructs that a survey measures."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class InvitationState(models.TextChoices):
    SCHEDULED = "scheduled", _("Scheduled")
    SENT = "sent", _("Sent")
    ANSWERED = "answered", _("Answered")
    SKIPPED = "skipped", _("Not sent")


TRANSITIONS: dict[InvitationState, frozenset[InvitationState]] = {
    InvitationState.SCHEDULED: frozenset({InvitationState.SENT, InvitationState.SKIPPED}),
    InvitationState.SENT: frozenset({InvitationState.ANSWERED}),
    InvitationState.ANSWERED: frozenset({InvitationState.ANSWERED}),
    InvitationState.SKIPPED: frozenset(),
}


class Construct(models.TextChoices):
    RECOVERY = "recovery", _("Recovery satisfaction")
    DISTRIBUTIVE = "distributive", _("Distributive justice")
    PROCEDURAL = "procedural", _("Procedural justice")
    INTERACTIONAL = "interactional", _("Interactional justice")
    OVERALL = "overall", _("Overall satisfaction")
    LOYALTY = "loyalty", _("Loyalty")
    NPS = "nps", _("Recommendation")


class FollowUpState(models.TextChoices):
    OPEN = "open", _("To do")
    DONE = "done", _("Done")
