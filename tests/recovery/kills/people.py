"""People at the desk and customers at home, who look before they repeat what got no answer."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle

from tests.support.processes import wait_until
from tests.support.visitor import Answer, AnswerLost, Visitor

NUMBER = re.compile(r"/desk/cases/(C-\d\d-\d+)/")
# Surveys leave with the sweeps of beat, which wait for their turn again after each restart.
SURVEY_SECONDS = 150.0
LOW, HIGH = 1, 5
LEFT_OPEN = 0
# What becomes of one complaint after the other: the customer's points, no answer, or no resolution.
FATES = (LOW, LEFT_OPEN, HIGH, None)
FEWEST = len(FATES)


@dataclass
class Complaint:
    """One complaint, as its teller knows it: `marker` is its order number, and in all that is written."""

    marker: str
    number: str = ""
    points: int | None = None  # what its customer will answer; None: nothing; 0: it is left open
    is_answered: bool = False

    @property
    def email(self) -> str:
        return f"{self.marker.lower()}@example.com"

    @property
    def path(self) -> str:
        return f"/desk/cases/{self.number}/"


class Teller:
    """One of the frontline with customers: logs, replies, compensates and resolves, until told to stop.

    Some complaints are left open, for their clocks to run out. Most of the others are answered by their
    customers.
    """

    def __init__(self, port: int, name: str) -> None:
        self.desk = Visitor(port)
        self.home = Visitor(port)
        self.name = name
        self.left_open: list[Complaint] = []
        self.resolved: list[Complaint] = []

    @property
    def told(self) -> list[Complaint]:
        return [*self.left_open, *self.resolved]

    @property
    def is_waiting(self) -> bool:
        """Whether a server has something of ours in hand."""
        return self.desk.is_waiting or self.home.is_waiting

    @property
    def lost(self) -> int:
        return self.desk.lost + self.home.lost

    @property
    def answered(self) -> int:
        return self.desk.answered + self.home.answered

    def work(self, is_over: threading.Event) -> None:
        for complaint in self._complaints():
            self._log(complaint)
            if complaint.points == LEFT_OPEN:
                self.left_open.append(complaint)
            else:
                self._tell(complaint)
            self._let_customers_answer()
            if is_over.is_set() and len(self.told) >= FEWEST:
                break
            time.sleep(0.1)
        wait_until(self._let_customers_answer, "all surveys have come", SURVEY_SECONDS)

    def _complaints(self) -> Iterator[Complaint]:
        for count, points in enumerate(cycle(FATES), start=1):
            yield Complaint(f"KILL-{self.name}{count:04}", points=points)

    def tell_one(self, marker: str) -> None:
        """One whole complaint, to its resolution."""
        complaint = Complaint(marker)
        self._log(complaint)
        self._tell(complaint)

    def _tell(self, complaint: Complaint) -> None:
        """From the reply to the resolution."""
        marker = complaint.marker
        self._do(
            f"{complaint.path}write/reply/",
            {"body": f"We are sorry ({marker} reply)."},
            lambda: f"({marker} reply)" in self._case(complaint),
        )
        self._compensate(complaint)
        self._resolve(complaint)
        self.resolved.append(complaint)

    def _log(self, complaint: Complaint) -> None:
        if "amends_session" not in self.desk.cookies:
            self.desk.sign_in("frontline")
        page = self.desk.get("/desk/log/").text
        fields = {
            "new_name": f"Customer {complaint.marker}",
            "new_email": complaint.email,
            "channel": "phone",
            "branch": _first_option(page, "branch"),
            "description": "The delivery came a week late and nobody told me.",
            # With no loss told the demo's policy has nothing to say about the voucher.
            "failure_type": "outcome",
            "severity": "3",
            "order_reference": complaint.marker,
            "language": "en",
            "preferred_contact": "email",
        }

        def is_logged() -> bool:
            complaint.number = self._number_of(complaint.marker)
            return bool(complaint.number)

        answer = self._do("/desk/log/", fields, is_logged)
        if answer is not None:
            found = NUMBER.search(answer.location)
            assert found is not None, answer.location
            complaint.number = found[1]

    def _number_of(self, marker: str) -> str:
        answer = self.desk.get(f"/desk/search/?q={marker}")
        found = set(NUMBER.findall(answer.text))
        assert len(found) <= 1, f"{marker} is there more than once: {found}"
        return found.pop() if found else ""

    def _compensate(self, complaint: Complaint) -> None:
        """A voucher within the teller's own authority, which reaches the customer at once."""
        purpose = f"Goodwill ({complaint.marker})"
        fields = {
            "amount": "1",
            "kind": "voucher",
            "basis": "goodwill",
            "purpose": purpose,
            "reason": "Late.",
        }
        self._do(f"{complaint.path}offers/", fields, lambda: purpose in self._case(complaint))
        page = self._case(complaint)
        fulfil = re.search(r"/desk/offers/\d+/fulfil/", page)
        assert fulfil is not None, f"the offer of {complaint.number} is not to be fulfilled"
        landed_at = re.search(r'name="landed_at" value="([^"]+)"', page)
        assert landed_at is not None
        fields = {"method": "code_sent", "landed_at": landed_at[1], "reference": complaint.marker}
        self._do(fulfil[0], fields, lambda: fulfil[0] not in self._case(complaint))

    def _resolve(self, complaint: Complaint) -> None:
        form = self.desk.get(f"{complaint.path}?edit=resolve").text
        fields = {
            "outcome": "upheld",
            "cause": _first_option(form, "cause"),
            "resolution": f"Told by e-mail ({complaint.marker}).",
            "reason": "All was said in the reply.",
        }
        self._do(
            f"{complaint.path}resolve/", fields, lambda: f"{complaint.path}reopen/" in self._case(complaint)
        )

    def _let_customers_answer(self) -> bool:
        """Whoever has got the survey and means to answer does; whether all such have."""
        waiting = [each for each in self.resolved if each.points and not each.is_answered]
        for complaint in waiting[:3]:
            path = self._survey_of(complaint)
            if path:
                self.home.get(path)
                # Answers may be changed, so sending them twice is what a customer would do.
                self._do(path, {"recovery": str(complaint.points)}, lambda: False, by=self.home)
                complaint.is_answered = True
        return not any(each.points and not each.is_answered for each in self.resolved)

    def _survey_of(self, complaint: Complaint) -> str:
        """The address of the survey in the customer's mail; "" while it has not come."""
        mailbox = self.desk.get(f"/desk/mailbox/?address={complaint.email}&state=sent").text
        for address in sorted(set(re.findall(r'href="(/desk/mailbox/\d+/)"', mailbox))):
            link = re.search(r"/survey/[\w-]+/", self.desk.get(address).text)
            if link is not None:
                return link[0]
        return ""

    def _case(self, complaint: Complaint) -> str:
        return self.desk.get(complaint.path).text

    def _do(
        self, path: str, fields: dict[str, str], is_done: Callable[[], bool], by: Visitor | None = None
    ) -> Answer | None:
        """Send a form; where the answer is lost, look, and send it again only if nothing was done.

        Returns None when it was found done.
        """
        visitor = by or self.desk
        while True:
            try:
                answer = visitor.post(path, fields)
            except AnswerLost:
                if is_done():
                    return None
                continue
            assert answer.status == 302, f"{path} was answered with {answer.status}: {_problems(answer.text)}"
            return answer


def _first_option(page: str, name: str) -> str:
    """The first real choice of a select field."""
    found = re.search(rf'<select name="{name}".*?</select>', page, re.DOTALL)
    assert found is not None, f"no field {name}"
    return next(value for value in re.findall(r'<option value="([^"]*)"', found[0]) if value)


def _problems(page: str) -> str:
    return " ".join(
        re.sub(r"<[^>]+>", " ", " ".join(re.findall(r"<ul class=\"errorlist.*?</ul>", page))).split()
    )
