"""One remedy for all customers of an incident: proposed, decided on once, and granted to each of them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from cases.actions.affected import add_customers
from cases.actions.incidents import attach_case, exclude_customer
from cases.models import Affected, Case, Incident
from common.errors import Conflict, Invalid, NotAllowed
from compensation.actions.budgets import Terms, change_budget
from compensation.actions.remedy_decisions import approve_remedy, reject_remedy
from compensation.actions.remedy_run import run_next_batch
from compensation.actions.remedy_steering import (
    cancel_remedy,
    finish_remedy,
    pause_remedy,
    retry_failed,
    start_remedy,
)
from compensation.models import Budget, Offer, Remedy, RemedyApproval, RemedyShare
from compensation.remedy_rules import AmountRule
from compensation.tasks import run_remedies
from customers.models import ContactPoint
from messaging.models import OutboxMessage
from tests.compensation.incidents import (
    approve,
    make_customers,
    make_incident,
    propose,
    running_remedy,
)
from tests.compensation.world import committed, make_budget
from tests.factories import Desk, log_case, make_desk, make_user


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


def books_agree() -> None:
    call_command("verify_ledger", verbosity=0)
    call_command("verify_audit", verbosity=0)


def test_everybody_gets_theirs_once_with_a_case_an_offer_and_a_letter(desk: Desk) -> None:
    budget = make_budget(desk.branch, 1000)
    remedy = running_remedy(desk, 7)
    with committed():
        assert run_remedies() == 7
    remedy.refresh_from_db()
    budget.refresh_from_db()
    assert remedy.state == "done"
    assert Offer.objects.filter(remedy=remedy, state="approved", granted_amount=10).count() == 7
    assert Case.objects.filter(summary="The ferry did not sail").count() == 7
    assert Affected.objects.filter(case__isnull=False).count() == 7
    letters = OutboxMessage.objects.filter(template="remedy")
    assert letters.values("to_address").distinct().count() == 7
    assert all("€10.00" in letter.body_text and letter.to_name in letter.body_text for letter in letters)
    assert (budget.reserved, remedy.held) == (70, 0)
    books_agree()
    assert run_remedies() == 0


def test_letters_are_in_each_customers_language_and_not_sent_where_unwanted(desk: Desk) -> None:
    customers = [*make_customers(2), *make_customers(1, language="zh-hans")]
    incident = make_incident(desk, customers)
    remedy = approve(desk, propose(desk, incident))
    start_remedy(actor=desk.supervisor, remedy_id=remedy.pk)
    run_remedies()
    languages = (
        OutboxMessage.objects.filter(template="remedy").order_by("id").values_list("language", flat=True)
    )
    assert list(languages) == ["en", "en", "zh-hans"]
    quiet = approve(desk, propose(desk, incident, tell_customers=False))
    start_remedy(actor=desk.supervisor, remedy_id=quiet.pk)
    run_remedies()
    assert OutboxMessage.objects.filter(template="remedy").count() == 3


def test_a_name_with_markup_is_a_name_in_the_letter(desk: Desk) -> None:
    (customer,) = make_customers(1)
    customer.name = "<b>Ann & Bob</b>"
    customer.save()
    remedy = approve(desk, propose(desk, make_incident(desk, [customer])))
    start_remedy(actor=desk.supervisor, remedy_id=remedy.pk)
    run_remedies()
    letter = OutboxMessage.objects.get(template="remedy")
    assert "<b>Ann & Bob</b>" in letter.body_text
    assert "&lt;b&gt;Ann &amp; Bob&lt;/b&gt;" in letter.body_html


def test_the_table_gives_the_highest_amount_that_fits(desk: Desk) -> None:
    standard, gold, loser = [*make_customers(1), *make_customers(1, tier="gold"), *make_customers(1)]
    incident = make_incident(desk)
    lines = [f"#{standard.pk}", f"#{gold.pk}", f"#{loser.pk}, 80"]
    add_customers(actor=desk.supervisor, incident_id=incident.pk, lines=lines)
    rules = [
        AmountRule(Decimal(10)),
        AmountRule(Decimal(25), tier="gold"),
        AmountRule(Decimal(40), loss_from=Decimal(50)),
    ]
    remedy = propose(desk, incident, rules=rules)
    amounts = dict(RemedyShare.objects.filter(remedy=remedy).values_list("customer_id", "amount"))
    assert amounts == {standard.pk: 10, gold.pk: 25, loser.pk: 40}
    assert remedy.total == 75


def test_a_customer_without_an_amount_is_not_passed_over_in_silence(desk: Desk) -> None:
    incident = make_incident(desk, make_customers(1))
    with pytest.raises(Invalid, match="get nothing"):
        propose(desk, incident, rules=[AmountRule(Decimal(25), tier="gold")])


def test_the_case_that_a_customer_has_is_used(desk: Desk) -> None:
    case = log_case(desk)
    incident = make_incident(desk)
    attach_case(actor=desk.supervisor, incident_id=incident.pk, case_id=case.pk)
    remedy = approve(desk, propose(desk, incident))
    start_remedy(actor=desk.supervisor, remedy_id=remedy.pk)
    with committed():
        run_remedies()
    assert Case.objects.count() == 1
    assert Offer.objects.get().case == case
    books_agree()


def test_who_is_left_out_gets_nothing_also_after_the_approval(desk: Desk) -> None:
    budget = make_budget(desk.branch, 1000)
    remedy = running_remedy(desk, 3)
    row = Affected.objects.earliest("pk")
    exclude_customer(
        actor=desk.supervisor, incident_id=row.incident_id, affected_id=row.pk, reason="Sailed at nine."
    )
    run_remedies()
    remedy.refresh_from_db()
    budget.refresh_from_db()
    share = RemedyShare.objects.get(customer=row.customer)
    assert (share.state, share.problem) == ("left_out", "excluded")
    assert Offer.objects.count() == 2
    assert (remedy.state, remedy.held, budget.reserved) == ("done", 0, 20)
    books_agree()


def test_what_fails_is_kept_with_the_reason_and_granted_once_it_is_mended(desk: Desk) -> None:
    budget = make_budget(desk.branch, 1000)
    case = log_case(desk)
    incident = make_incident(desk, make_customers(2))
    attach_case(actor=desk.supervisor, incident_id=incident.pk, case_id=case.pk)
    remedy = approve(desk, propose(desk, incident))
    Case.objects.filter(pk=case.pk).update(currency="USD")
    start_remedy(actor=desk.supervisor, remedy_id=remedy.pk)
    run_remedies()
    remedy.refresh_from_db()
    assert remedy.state == "paused"
    assert RemedyShare.objects.get(state="failed").problem == "currency"
    Case.objects.filter(pk=case.pk).update(currency="EUR")
    assert retry_failed(actor=desk.supervisor, remedy_id=remedy.pk) == 1
    run_remedies()
    remedy.refresh_from_db()
    budget.refresh_from_db()
    assert (remedy.state, Offer.objects.count(), budget.reserved) == ("done", 3, 30)
    books_agree()


def test_a_run_with_failures_can_be_ended_and_the_rest_goes_back(desk: Desk) -> None:
    budget = make_budget(desk.branch, 1000)
    case = log_case(desk)
    incident = make_incident(desk, make_customers(1))
    attach_case(actor=desk.supervisor, incident_id=incident.pk, case_id=case.pk)
    remedy = approve(desk, propose(desk, incident))
    Case.objects.filter(pk=case.pk).update(currency="USD")
    start_remedy(actor=desk.supervisor, remedy_id=remedy.pk)
    run_remedies()
    finish_remedy(actor=desk.supervisor, remedy_id=remedy.pk)
    budget.refresh_from_db()
    assert budget.reserved == 10
    books_agree()


def test_a_share_that_the_database_refuses_does_not_hold_up_the_others(desk: Desk) -> None:
    remedy = running_remedy(desk, 4)
    second = RemedyShare.objects.order_by("pk")[1]
    OutboxMessage.objects.create(
        to_address="a@customer.example",
        language="en",
        subject="x",
        body_text="x",
        message_id="x",
        dedupe_key=f"remedy:{remedy.pk}:{second.customer_id}",
    )
    run_remedies()
    second.refresh_from_db()
    assert (second.state, second.problem) == ("failed", "refused")
    assert Offer.objects.count() == 3
    books_agree()


def test_a_paused_run_stands_still_until_it_is_resumed(desk: Desk) -> None:
    remedy = running_remedy(desk, 5)
    assert run_next_batch(limit=2) == 2
    pause_remedy(actor=desk.supervisor, remedy_id=remedy.pk)
    assert run_next_batch(limit=2) == 0
    start_remedy(actor=desk.supervisor, remedy_id=remedy.pk)
    assert run_remedies() == 3
    assert Offer.objects.count() == 5


def test_a_run_stopped_for_good_gives_back_what_nobody_got(desk: Desk) -> None:
    budget = make_budget(desk.branch, 1000)
    remedy = running_remedy(desk, 5)
    run_next_batch(limit=2)
    cancel_remedy(actor=desk.supervisor, remedy_id=remedy.pk)
    assert run_remedies() == 0
    budget.refresh_from_db()
    assert (Offer.objects.count(), budget.reserved) == (2, 20)
    books_agree()


def test_nobody_approves_the_remedy_that_they_proposed(desk: Desk) -> None:
    remedy = propose(desk, make_incident(desk, make_customers(2)))
    with pytest.raises(NotAllowed, match="someone else"):
        approve_remedy(actor=desk.supervisor, remedy_id=remedy.pk, total=remedy.total, reason="Fair.")
    with pytest.raises(IntegrityError, match="their own proposal"), transaction.atomic():
        RemedyApproval.objects.create(
            remedy=remedy,
            proposer=desk.supervisor,
            approver=desk.supervisor,
            decision="approved",
            amount=remedy.total,
            limit=9999,
            reason="Fair.",
        )


def test_the_authority_must_cover_the_total_not_each_amount(desk: Desk) -> None:
    incident = make_incident(desk, make_customers(60))
    with pytest.raises(Invalid, match="nobody else here may approve more"):
        propose(desk, incident, 5000)
    remedy = propose(desk, incident, 20)
    with pytest.raises(NotAllowed, match="Your authority"):
        approve_remedy(
            actor=make_user("supervisor", desk.branch),
            remedy_id=remedy.pk,
            total=remedy.total,
            reason="Fair.",
        )
    with pytest.raises(IntegrityError, match="above their authority"), transaction.atomic():
        RemedyApproval.objects.create(
            remedy=remedy,
            proposer=desk.supervisor,
            approver=make_user("supervisor", desk.branch),
            decision="approved",
            amount=remedy.total,
            limit=99999,
            reason="Fair.",
        )


def test_no_offer_of_a_remedy_stands_without_its_approval(desk: Desk) -> None:
    remedy = propose(desk, make_incident(desk, make_customers(1)))
    case = log_case(desk)
    with pytest.raises(IntegrityError, match="needs the approval of the remedy"), committed():
        Offer.objects.create(
            case=case, branch=desk.branch, kind="voucher", amount=10, granted_amount=10, currency="EUR",
            purpose="x", reason="x", state="approved", proposer=desk.supervisor,
            decided_at=remedy.proposed_at, remedy=remedy,
        )  # fmt: skip


def test_a_budget_that_holds_money_of_a_remedy_is_not_put_under_another(desk: Desk) -> None:
    budget = make_budget(desk.branch, 1000)
    approve(desk, propose(desk, make_incident(desk, make_customers(2))))
    above = make_budget(None, 5000, name="Region", currency=budget.currency)
    terms = Terms(parent_id=above.pk)
    with pytest.raises(Invalid, match="stays where it is"):
        change_budget(
            actor=desk.admin, budget_id=budget.pk, amount=budget.amount, terms=terms, reason="Order."
        )
    with pytest.raises(IntegrityError, match="stays where it is"), transaction.atomic():
        Budget.objects.filter(pk=budget.pk).update(parent=above)


def test_a_short_budget_refuses_the_approval_and_nothing_is_written(desk: Desk) -> None:
    make_budget(desk.branch, 15)
    remedy = propose(desk, make_incident(desk, make_customers(2)))
    with pytest.raises(Conflict, match="left"):
        approve(desk, remedy)
    remedy.refresh_from_db()
    assert (remedy.state, remedy.movements.count(), RemedyApproval.objects.count()) == ("waiting", 0, 0)


def test_a_decided_remedy_is_not_decided_again(desk: Desk) -> None:
    remedy = propose(desk, make_incident(desk, make_customers(1)))
    reject_remedy(actor=desk.manager, remedy_id=remedy.pk, reason="Too much.")
    with pytest.raises(Conflict, match="Rejected"):
        approve(desk, remedy)
    assert Remedy.objects.get().state == "rejected"


def test_one_remedy_goes_on_at_a_time(desk: Desk) -> None:
    incident = make_incident(desk, make_customers(1))
    propose(desk, incident)
    with pytest.raises(Conflict, match="not finished"):
        propose(desk, incident)
    assert Incident.objects.count() == 1


def test_nobody_decides_on_a_remedy_that_they_would_get_themselves(desk: Desk) -> None:
    [guest] = make_customers(1)
    address = desk.manager.email.lower()
    ContactPoint.objects.create(customer=guest, kind="email", value=address, normalised=address)
    remedy = propose(desk, make_incident(desk, [guest]))
    with pytest.raises(NotAllowed, match="your own complaint"):
        approve(desk, remedy)
    with pytest.raises(NotAllowed, match="your own complaint"):
        reject_remedy(actor=desk.manager, remedy_id=remedy.pk, reason="No.")
    with pytest.raises(IntegrityError, match="own complaint"), transaction.atomic():
        RemedyApproval.objects.create(
            remedy=remedy,
            proposer=remedy.proposer,
            approver=desk.manager,
            decision="approved",
            amount=remedy.total,
            limit=remedy.total,
            reason="Fair.",
        )
