"""Every table that a case fills, with the columns that differ from row to row."""

from __future__ import annotations

from audit.models import Event
from bench.data.sheet import Sheet
from cases.models import Case, Clock, RecoveryStep, Resolution, TimelineEntry
from compensation.models import Approval, BudgetMovement, Fulfilment, Offer
from customers.models import ContactPoint, Customer, Order
from feedback.models import FollowUp, Invitation, Response


class Sheets:
    """The rows of a batch, in the order in which they may be written."""

    def __init__(self) -> None:
        self.customers = Sheet(Customer, "id name tier language time_zone customer_since created_at search")
        self.contacts = Sheet(ContactPoint, "customer_id kind value normalised")
        self.orders = Sheet(Order, "customer_id branch_id reference product amount currency ordered_at")
        self.cases = Sheet(
            Case,
            "id number customer_id branch_id state channel summary description product order_reference "
            "occurred_on received_at remedies_sought currency loss_amount language satisfaction_before "
            "baseline_source failure_type defect_id severity owner_id logged_by_id due_at due_metric "
            "next_step first_response_at outcome cause_id resolution resolved_at remedy_landed_at "
            "low_score tracking_token search",
        )
        self.steps = Sheet(RecoveryStep, "case_id kind position state by_id at")
        self.clocks = Sheet(
            Clock,
            "case_id metric severity target_minutes calendar_id state started_at due_at paused_at "
            "stopped_at business_seconds calendar_seconds level next_alert_at",
        )
        self.resolutions = Sheet(
            Resolution,
            "case_id at outcome cause_id by_id text branch_id channel failure_type defect_id",
        )
        self.timeline = Sheet(TimelineEntry, "case_id kind at author_id body params")
        self.offers = Sheet(
            Offer,
            "id case_id branch_id kind amount granted_amount currency purpose reason state proposer_id "
            "proposed_at within_authority asked_role budget_id decided_at",
        )
        self.approvals = Sheet(Approval, "offer_id proposer_id approver_id decision amount limit reason at")
        self.fulfilments = Sheet(Fulfilment, "offer_id method reference landed_at recorded_by_id recorded_at")
        self.movements = Sheet(BudgetMovement, "budget_id offer_id kind amount at by_id")
        self.invitations = Sheet(
            Invitation,
            "id case_id instrument_id token language state due_at sent_at closes_at",
        )
        self.responses = Sheet(
            Response,
            "id invitation_id case_id answers satisfaction satisfaction_before justice nps submitted_at "
            "changed_at",
        )
        self.follow_ups = Sheet(
            FollowUp,
            "response_id case_id assignee_id state created_at due_at done_at done_by_id result",
        )
        self.events = Sheet(Event, "stream sequence at actor_id verb data previous_hash hash")

    def write(self) -> int:
        """Write all rows; returns how many there were."""
        return sum(sheet.write() for sheet in vars(self).values())
