"""Links in e-mails to those who decide: they open a decision once, for one person, and decide nothing."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from accounts.models import User
from accounts.states import Role
from audit.models import Event
from compensation.actions.decision_links import prune_links
from compensation.models import DecisionLink, Offer
from compensation.paths import APPROVALS_PATH
from messaging.models import Notice, OutboxMessage
from tests.compensation.world import NOON, World, make_case, make_user, propose
from tests.desk.reading import signed_in, text_of

pytestmark = pytest.mark.usefixtures("at_noon")


@pytest.fixture
def offer(world: World) -> Offer:
    return propose(world.frontline, make_case(world.branch), 500)


def link_for(user: User) -> str:
    """The path in the e-mail to this person."""
    mail = OutboxMessage.objects.get(to_address=user.email)
    found = re.search(rf"{re.escape(settings.PUBLIC_URL)}({APPROVALS_PATH}link/[^/\s]+/)", mail.whole_text)
    assert found, mail.whole_text
    return found[1]


def told(client: Client, path: str) -> str:
    answer = client.get(path, follow=True)
    assert answer.redirect_chain == [(APPROVALS_PATH, 302)]
    return text_of(answer)


def test_the_link_opens_the_offer_once_and_decides_nothing(world: World, offer: Offer) -> None:
    path, client = link_for(world.supervisor), signed_in(world.supervisor)

    opened = client.get(path, follow=True)

    assert opened.redirect_chain == [(f"{APPROVALS_PATH}?offer={offer.pk}", 302)]
    assert "Approve CN¥500.00" in text_of(opened)
    assert Event.objects.filter(verb="offer.link_opened", actor=world.supervisor).count() == 1
    assert "has been used already" in told(client, path)
    offer.refresh_from_db()
    assert offer.state == "waiting"


def test_each_decider_gets_a_link_of_their_own_and_only_a_digest_is_kept(world: World) -> None:
    other = make_user(Role.SUPERVISOR, world.branch)
    propose(world.frontline, make_case(world.branch), 500)

    assert link_for(other) != link_for(world.supervisor)
    assert DecisionLink.objects.count() == 2
    secret = link_for(other).split("/")[-2].partition("~")[0]
    assert not DecisionLink.objects.filter(digest__contains=secret).exists()
    # The notice inside the product needs no link of that kind.
    assert set(Notice.objects.values_list("url", flat=True)) == {
        f"{APPROVALS_PATH}?offer={Offer.objects.get().pk}"
    }


def test_a_link_asks_to_sign_in_first_and_leads_back(world: World, offer: Offer) -> None:
    path, anyone = link_for(world.supervisor), Client()

    answer = anyone.get(path)

    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=")
    assert DecisionLink.objects.get().opened_at is None


def test_somebody_elses_link_says_so_and_stays_unused(world: World, offer: Offer) -> None:
    path = link_for(world.supervisor)
    assert "is for somebody else" in told(signed_in(world.manager), path)
    assert signed_in(world.frontline).get(path).status_code == 403
    assert signed_in(world.supervisor).get(path)["Location"].endswith(f"?offer={offer.pk}")


def test_a_link_expires(world: World, offer: Offer) -> None:
    path = link_for(world.supervisor)
    with time_machine.travel(NOON + dt.timedelta(days=7, minutes=5)):
        assert "has expired" in told(signed_in(world.supervisor), path)
    assert DecisionLink.objects.get().opened_at is None


def test_a_link_to_what_was_decided_meanwhile_says_so(world: World, offer: Offer) -> None:
    path = link_for(world.supervisor)
    Offer.objects.filter(pk=offer.pk).update(state="cancelled")
    page = text_of(signed_in(world.supervisor).get(path, follow=True))
    assert "does not wait any more" in page


@pytest.mark.parametrize("token", ["x", "x~y", "~", "é", "a" * 500])
def test_a_made_up_link_is_refused_without_a_look_into_the_table(world: World, token: str) -> None:
    assert "is not valid" in told(signed_in(world.supervisor), f"{APPROVALS_PATH}link/{token}/")


def test_a_new_secret_key_leaves_links_valid_while_the_old_one_stands(
    world: World, offer: Offer, settings: Any
) -> None:
    path = link_for(world.supervisor)
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another" * 9
    settings.SECRET_KEY_FALLBACKS = [old]
    assert f"offer={offer.pk}" in signed_in(world.supervisor).get(path)["Location"]


def test_links_are_not_posted_nor_used_up_by_a_look_at_their_head(world: World, offer: Offer) -> None:
    path, client = link_for(world.supervisor), signed_in(world.supervisor)
    assert client.post(path).status_code == 405
    assert client.head(path).status_code == 405
    assert DecisionLink.objects.get().opened_at is None


def test_what_has_long_expired_is_pruned(world: World, offer: Offer) -> None:
    with time_machine.travel(NOON + dt.timedelta(days=13)):
        assert prune_links() == 0
    with time_machine.travel(NOON + dt.timedelta(days=15)):
        assert prune_links() == 1
