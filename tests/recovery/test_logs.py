"""What the log says of requests that were refused."""

from __future__ import annotations

import logging

import pytest
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils.log import log_response

from tests.factories import Desk, make_desk


@pytest.fixture
def desk(db: None) -> Desk:
    return make_desk()


def test_what_somebody_may_not_do_is_one_line(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    client = Client()
    client.force_login(desk.frontline)
    with caplog.at_level(logging.WARNING):
        assert client.get(reverse("desk:undelivered")).status_code == 403
    (said,) = [record for record in caplog.records if record.name == "django.request"]
    assert said.exc_info is None
    assert "/desk/" in said.getMessage()
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(("status", "traced"), [(400, False), (403, False), (404, False), (500, True)])
def test_a_failure_of_ours_keeps_its_traceback(
    status: int, traced: bool, caplog: pytest.LogCaptureFixture
) -> None:
    request = RequestFactory().get("/desk/")
    try:
        raise PermissionDenied
    except PermissionDenied as error:
        response = HttpResponse(status=status)
        log_response("Said: %s", request.path, response=response, request=request, exception=error)
    assert ("Traceback" in caplog.text) == traced
