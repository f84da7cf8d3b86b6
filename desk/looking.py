"""What a reader of insights looks at, and the addresses of the lists behind the figures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Branch, User
from cases.states import Channel, FailureType
from common.money import CURRENCIES
from desk.access import StaffRequest
from desk.downloads import table_file
from desk.forms.compensation_insights import VERIFIED_ONLY, MoneyForm
from desk.forms.insights import SelectionForm
from insights.compensation_queries import currencies
from insights.courses import DayLink
from insights.figures import Selection
from insights.listing import Cursor
from insights.periods import Preset, Step
from insights.wording import format_days

STEP_WORDS = {
    Step.DAY: gettext_lazy("per day"),
    Step.WEEK: gettext_lazy("per week"),
    Step.MONTH: gettext_lazy("per month"),
}


@dataclass(frozen=True)
class Links:
    """Addresses of the lists behind figures, with the filters of the page they stand on."""

    query: dict[str, str]
    page: str = "desk:insights_cases"

    @cached_property
    def path(self) -> str:
        return reverse(self.page)

    def to(self, figure: str, **narrower: Any) -> str:
        """The list of a figure; `narrower` adds filters or replaces those of the page."""
        narrower = {name: value for name, value in narrower.items() if value}
        if self.query.keys() & narrower.keys():
            return f"{self.path}?{urlencode({**self.query, 'figure': figure, **narrower})}"
        # The page's own filters are the same in a hundred addresses: they are written once.
        address = f"{self._all_of_page}figure={figure}"
        return f"{address}&{urlencode(narrower)}" if narrower else address

    @cached_property
    def _all_of_page(self) -> str:
        return f"{self.path}?{urlencode(self.query)}&" if self.query else f"{self.path}?"

    def of_days(self, figure: str, first: dt.date, last: dt.date, **narrower: Any) -> str:
        """The list of a figure from one day to another."""
        # Dates need no escaping, and a dashboard has a hundred of these.
        return (
            self.by_days(**narrower)(figure, first, last) if narrower else self._any_days(figure, first, last)
        )

    def by_days(self, **narrower: Any) -> DayLink:
        """What gives such addresses of one narrower list, for many spans of days."""
        rest, period = self._without_days(**narrower), Preset.CUSTOM.value
        return lambda figure, first, last: f"{rest}figure={figure}&period={period}&start={first}&end={last}"

    @cached_property
    def _any_days(self) -> DayLink:
        return self.by_days()

    def _without_days(self, **narrower: Any) -> str:
        kept = {name: value for name, value in self.query.items() if name not in ("period", "start", "end")}
        chosen = urlencode({**kept, **narrower})
        return f"{self.path}?{chosen}&" if chosen else f"{self.path}?"


def cursor_link(request: StaffRequest, cursor: Cursor | None) -> str:
    """The address of a list from a cursor on; empty without one."""
    if cursor is None:
        return ""
    query = request.GET.copy()
    query["at"] = str(cursor)
    return f"?{query.urlencode()}"


def export_query(request: StaffRequest) -> str:
    """What the address of a list asks for, without the place in it."""
    query = request.GET.copy()
    query.pop("at", None)
    return query.urlencode()


def reached_branches(user: User) -> list[Branch]:
    """The branches that a person may see, also closed ones: their complaints of last year still count."""
    return list(
        Branch.objects.all() if user.branch_ids is None else Branch.objects.filter(pk__in=user.branch_ids)
    )


@dataclass(frozen=True)
class Looking:
    """What one reader looks at: the form, the selection it makes, and how its pages are addressed."""

    form: SelectionForm
    selection: Selection
    links: Links
    branches: dict[int, Branch]

    @classmethod
    def at(cls, request: StaffRequest) -> Looking:
        user: User = request.user
        branches = reached_branches(user)
        form = SelectionForm(request.GET, branches=branches)
        selection = form.selection(zone=ZoneInfo(user.time_zone), branch_ids=user.branch_ids)
        return cls(form, selection, Links(form.query()), {branch.pk: branch for branch in branches})

    def context(self) -> dict[str, Any]:
        period = self.selection.period
        return {
            "nav": "insights",
            "form": self.form,
            "links": self.links,
            "period": period,
            "step": STEP_WORDS[period.step],
            "filters": urlencode(self.links.query),
            "days": format_days(period.first, period.last, year=True),
            "days_before": format_days(period.previous_first, period.previous_last),
            "chosen": self.chosen_words(),
        }

    def file(self, kind: str, lines: Iterable[list[object]], name: str) -> HttpResponseBase:
        """A table as a file named after it and the period."""
        period = self.selection.period
        return table_file(kind, lines, f"amends-{name}-{period.first}-{period.last}")

    def chosen_words(self) -> list[str]:
        """The filters in words."""
        chosen = self.selection
        branch = self.form.chosen_branch
        words = [branch.label if branch else _("all branches")]
        if chosen.channel:
            words.append(str(Channel(chosen.channel).label))
        if chosen.failure_type:
            words.append(str(FailureType(chosen.failure_type).label))
        return words


@dataclass(frozen=True)
class MoneyLooking(Looking):
    """What a reader of compensation looks at: one currency, for amounts of several are never added."""

    form: MoneyForm

    @classmethod
    def at(cls, request: StaffRequest, form_class: type[MoneyForm] = MoneyForm) -> MoneyLooking:
        user: User = request.user
        branches = reached_branches(user)
        form = form_class(request.GET, branches=branches)
        selection = form.selection(zone=ZoneInfo(user.time_zone), branch_ids=user.branch_ids)
        if not selection.currency:
            currency = _usual_currency(selection, branches, form.chosen_branch)
            form.choose_currency(currency)
            selection = selection.but(currency=currency)
        links = Links(form.query(), "desk:insights_offers")
        return cls(form, selection, links, {branch.pk: branch for branch in branches})

    def chosen_words(self) -> list[str]:
        words = [*super().chosen_words(), self.selection.currency]
        return [*words, str(VERIFIED_ONLY)] if self.form.verified_only else words


def _usual_currency(selection: Selection, branches: list[Branch], chosen: Branch | None) -> str:
    """The chosen branch's currency, or that of all the reader's branches, else the one used most."""
    own = {branch.currency for branch in ([chosen] if chosen else branches)}
    if len(own) == 1:
        return own.pop()
    return next(iter([*currencies(selection), *sorted(own)]), CURRENCIES[0])
