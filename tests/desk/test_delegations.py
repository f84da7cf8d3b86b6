"""The page on which one lets somebody stand in."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse

from accounts.models import Delegation, User
from common.templatetags.ui import day
from tests.compensation.world import World, make_case, propose
from tests.desk.reading import signed_in, text_of

PAGE = "/desk/preferences/standing-in/"
TODAY = dt.date(2026, 3, 4)

pytestmark = pytest.mark.usefixtures("at_noon")


def fields(delegate: User, **more: object) -> dict[str, object]:
    return {"delegate": delegate.pk, "starts_on": TODAY, "ends_on": TODAY, "reason": "On leave.", **more}


def test_a_manager_lets_a_supervisor_stand_in_who_then_approves(world: World) -> None:
    manager = signed_in(world.manager)
    assert PAGE in manager.get(reverse("desk:preferences")).content.decode()
    answer = manager.post(PAGE, fields(world.supervisor), follow=True)
    assert f"stands in from {day(TODAY)} until {day(TODAY)}." in text_of(answer)
    assert f"{world.manager.name} → {world.supervisor.name}" in text_of(answer)

    offer = propose(world.frontline, make_case(world.branch), 5000)
    supervisor = signed_in(world.supervisor)
    page = text_of(supervisor.get(reverse("desk:approvals")))
    assert f"In the place of {world.manager.name} · CN¥30,000 per case" in page
    assert "Approve CN¥5,000.00" in page
    done = supervisor.post(reverse("desk:offer_approve", args=(offer.pk,)), {"reason": "Fair."}, follow=True)
    assert "CN¥5,000.00 is approved." in text_of(done)

    [lent] = Delegation.objects.all()
    revoke = reverse("desk:delegation_revoke", args=(lent.pk,))
    assert "Only an administrator" in text_of(supervisor.post(revoke, follow=True))
    assert "It is revoked." in text_of(manager.post(revoke, follow=True))
    assert "has been revoked already" in text_of(manager.post(revoke, follow=True))


def test_an_administrator_says_for_whom(world: World) -> None:
    admin = signed_in(world.admin)
    answer = admin.post(PAGE, fields(world.supervisor, delegator=world.manager.pk), follow=True)
    assert "stands in from" in text_of(answer)
    assert Delegation.objects.get().created_by == world.admin
    assert PAGE in admin.get(reverse("desk:settings")).content.decode()


def test_a_refused_form_says_why_and_keeps_what_was_typed(world: World) -> None:
    wrong = fields(world.supervisor, ends_on=TODAY - dt.timedelta(days=1))
    answer = signed_in(world.manager).post(PAGE, wrong)
    assert answer.status_code == 422
    assert "It ends before it begins." in text_of(answer)
    assert 'value="On leave."' in answer.content.decode()
    assert not Delegation.objects.exists()


def test_frontline_has_nothing_to_lend(world: World) -> None:
    assert signed_in(world.frontline).get(PAGE).status_code == 403
    assert PAGE not in signed_in(world.frontline).get(reverse("desk:preferences")).content.decode()


def test_in_chinese_too_the_page_renders(world: World) -> None:
    User.objects.update(language="zh-hans")
    assert "委托代审" in text_of(signed_in(world.manager).get(PAGE))
