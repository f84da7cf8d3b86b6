"""Surveys after recovery: the instrument, invitations, responses and follow-ups."""

from feedback.models.instrument import Instrument, Item
from feedback.models.survey import FollowUp, Invitation, Response

__all__ = ["FollowUp", "Instrument", "Invitation", "Item", "Response"]
