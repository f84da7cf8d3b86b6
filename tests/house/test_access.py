"""Every address × every role: who gets in is written down, and nothing is left out."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from accounts.states import Role
from tests.factories import Desk
from tests.house.addresses import EVERY, OPEN, OPEN_PREFIXES, STAFF, addresses
from tests.house.places import Places, visit


def test_every_address_is_written_down_here() -> None:
    unknown = {
        name
        for name in addresses()
        if name not in STAFF and name not in OPEN and not name.startswith(OPEN_PREFIXES)
    }
    assert unknown == set()
    assert set(STAFF) <= set(addresses())


def of(desk: Desk, role: Role) -> User:
    return getattr(desk, role.value)


@pytest.mark.parametrize("role", sorted(EVERY))
def test_a_role_gets_into_its_own_addresses_and_no_others(desk: Desk, places: Places, role: Role) -> None:
    client = Client()
    client.force_login(of(desk, role))
    for name, roles in STAFF.items():
        for response in visit(client, name, places):
            if role in roles:
                assert response.status_code in (200, 201, 204, 302, 400, 404, 405, 409, 415, 422), (
                    name,
                    response.status_code,
                )
            else:
                assert response.status_code in (403, 405), (name, response.status_code)
        if role not in roles:
            assert 403 in [response.status_code for response in visit(client, name, places)], name


def test_no_address_of_a_form_is_a_dead_end(desk: Desk, places: Places) -> None:
    """Whoever opens one by hand, or reloads a form that was refused, gets to the page that the form is on."""
    for name, roles in STAFF.items():
        if not name.startswith("desk:"):
            continue
        client = Client()
        client.force_login(of(desk, min(roles)))
        response = client.get(reverse(name, args=places.get(name, [])), follow=True)
        assert response.status_code in (200, 404), (name, response.status_code)
