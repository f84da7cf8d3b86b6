"""Adding a whole list of affected customers to an incident: nothing is lost, nobody is there twice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit.actions import record
from cases.actions.incidents import take_incident_for
from cases.models import Affected, Case, Incident, UnknownLine
from cases.states import OPEN_STATES, LineProblem
from common.errors import Invalid
from common.money import check_amount
from customers.exact import customers_named

MOST_LINES = 200_000
LONGEST_LINE = 300
BATCH = 5000
_CELLS = re.compile(r"[\t;,]")


@dataclass(frozen=True, slots=True)
class Added:
    """What became of a list: customers added, those there already, and lines that name nobody."""

    added: int
    known: int
    unknown: int


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    name: str
    loss: Decimal | None
    problem: str = ""


def add_customers(*, actor: User, incident_id: int, lines: Iterable[str], mending: bool = False) -> Added:
    """Add the customers whom these lines name, each once.

    A line is an e-mail address, a phone or order number, or #key of a customer, then perhaps a comma and the
    loss in the incident's currency. A line that names nobody, or several customers, is kept beside the list
    until it is mended: with `mending`, the lines replace those kept so far.
    """
    texts = list(dict.fromkeys(_clean(lines)))
    if len(texts) > MOST_LINES:
        raise Invalid(_("No more than %(most)s lines at once."), field="lines", params={"most": MOST_LINES})
    if not texts and not mending:
        raise Invalid(_("Enter at least one customer."), field="lines")
    with transaction.atomic():
        incident = take_incident_for(actor, incident_id)
        read = [_read(text, incident.branch.currency) for text in texts]
        named = customers_named([line.name for line in read])
        wanted, unknown = _sorted_out(read, named)
        if mending:
            UnknownLine.objects.filter(incident=incident).delete()
        UnknownLine.objects.bulk_create(
            [UnknownLine(incident=incident, text=text, problem=problem) for text, problem in unknown],
            batch_size=BATCH,
            ignore_conflicts=True,
        )
        added = _write(incident, wanted, actor)
        if added:
            record(
                stream=incident.stream, verb="incident.customers_added", actor=actor, data={"count": added}
            )
    return Added(added=added, known=len(wanted) - added, unknown=len(unknown))


def _clean(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        text = line.replace("\x00", "").replace("\ufeff", "").strip().strip('"').strip()
        if text.strip(",;"):
            yield text[:LONGEST_LINE]


def _read(text: str, currency: str) -> _Line:
    name, *more = [cell.strip().strip('"').strip() for cell in _CELLS.split(text)]
    if not more or not more[0]:
        return _Line(text, name, None)
    try:
        amount = Decimal(more[0])
        loss = amount if amount == 0 else check_amount(amount, currency)
    except (InvalidOperation, Invalid):
        return _Line(text, name, None, LineProblem.LOSS)
    return _Line(text, name, loss)


def _sorted_out(
    read: list[_Line], named: dict[str, set[int]]
) -> tuple[dict[int, Decimal | None], list[tuple[str, str]]]:
    """The loss by customer, and the lines that name none, each with what is wrong with it."""
    wanted: dict[int, Decimal | None] = {}
    unknown: list[tuple[str, str]] = []
    for line in read:
        found = named[line.name]
        problem = line.problem
        if not found:
            problem = LineProblem.NOBODY
        elif len(found) > 1:
            problem = LineProblem.SEVERAL
        if problem:
            unknown.append((line.text, problem))
            continue
        (key,) = found
        wanted[key] = line.loss if line.loss is not None else wanted.get(key)
    return wanted, unknown


def _write(incident: Incident, wanted: dict[int, Decimal | None], actor: User) -> int:
    """Write those who are not there yet, each with the open case about this failure; returns how many."""
    there = set(Affected.objects.filter(incident=incident).values_list("customer_id", flat=True))
    new = [key for key in wanted if key not in there]
    now = timezone.now()
    for start in range(0, len(new), BATCH):
        keys = new[start : start + BATCH]
        cases = _own_cases(incident, keys)
        rows = []
        for key in keys:
            case = cases.get(key)
            loss = wanted[key] if wanted[key] is not None or case is None else case.loss
            rows.append(
                Affected(
                    incident=incident, customer_id=key, case=case, loss=loss, added_by=actor, added_at=now
                )
            )
        Affected.objects.bulk_create(rows)
    return len(new)


def _own_cases(incident: Incident, customer_ids: list[int]) -> dict[int, Case]:
    """The newest open case of each customer about the incident's failure, unless an incident has it."""
    if incident.defect_id is None:
        return {}
    cases = Case.objects.filter(
        customer__among=customer_ids,
        branch=incident.branch,
        defect=incident.defect_id,
        state__in=OPEN_STATES,
        incidents__isnull=True,
    )
    rows = cases.only("pk", "customer_id", "loss_amount", "verified_loss").order_by("received_at", "pk")
    return {case.customer_id: case for case in rows}
