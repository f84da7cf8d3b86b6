"""E-mail templates: every one renders in both languages, safely, in the reader's time."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from messaging.rendering import SharedContext, render_email

WHEN = dt.datetime(2026, 11, 23, 6, 5, tzinfo=dt.UTC)
LETTER = {"customer_name": "Tom <b>", "number": "C-26-1", "time_zone": "Asia/Shanghai"}
SURVEY = LETTER | {
    "token": "s3cret",
    "closes_at": WHEN,
    "question": "How?",
    "scale": [(1, "bad"), (5, "good")],
}
CONTEXTS: dict[str, dict[str, Any]] = {
    "acknowledgement": LETTER | {"tracking_token": "t0ken", "answer_by": WHEN},
    "reply": {"text": "Dear <Tom>,\n\nsorry & thanks", "number": "C-26-1", "tracking_token": "t0ken"},
    "survey": SURVEY,
    "survey_reminder": SURVEY,
    "password_reset": {"reader_name": "Tom <b>", "url": "http://x/accounts/password/reset/key/1-2/"},
    "notice": {
        "reader_name": "Ada",
        "text": "It's <late> & urgent",
        "url": "http://x/",
        "has_link": True,
        "urgent": True,
    },
}


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("template", CONTEXTS)
def test_text_is_plain_and_html_is_escaped(template: str, language: str) -> None:
    email = render_email(template, CONTEXTS[template], language)
    assert email.subject
    assert "\n" not in email.subject
    assert "&lt;" not in email.text + email.subject
    assert "&#x27;" not in email.text + email.subject
    assert f'lang="{language}"' in email.html
    for unsafe in ("<b>", "<Tom>", "<late>"):
        assert unsafe not in email.html
    assert "\n\n\n" not in email.text


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("has_link", [True, False])
def test_what_is_filled_in_stands_where_the_template_would_have_it(language: str, has_link: bool) -> None:
    for name in ("Ada", "Tom <b>\ue000text\ue001 & Co"):
        own = {"reader_name": name, "text": "It's <late>\n& urgent", "url": "http://x/?a=1&b=2"}
        plain = {key: value.replace("\ue000", "").replace("\ue001", "") for key, value in own.items()}
        filled = render_email("notice", SharedContext({"urgent": True, "has_link": has_link}, own), language)
        assert filled == render_email("notice", {"urgent": True, "has_link": has_link, **plain}, language)
        assert ("http://x/?a=1&b=2" in filled.text) == has_link


def test_what_all_letters_share_may_change(settings: Any) -> None:
    own = {"reader_name": "Ada", "text": "Late", "url": ""}
    for organisation in ("One Ltd", "Other Ltd"):
        settings.ORGANISATION_NAME = organisation
        context = SharedContext({"urgent": False, "has_link": False}, own)
        assert organisation in render_email("notice", context, "en").html


def test_times_are_the_customers_own() -> None:
    assert (
        "Monday 23 November, 14:05" in render_email("acknowledgement", CONTEXTS["acknowledgement"], "en").text
    )
    chinese = render_email("acknowledgement", CONTEXTS["acknowledgement"], "zh-hans").text
    assert "11月23日" in chinese
    assert "14:05" in chinese


def test_an_acknowledgement_without_a_clock_promises_no_time() -> None:
    email = render_email("acknowledgement", CONTEXTS["acknowledgement"] | {"answer_by": None}, "en")
    assert "at the latest" not in email.text
    assert "/track/t0ken/" in email.text


def test_the_survey_mail_answers_the_first_question_with_one_tap() -> None:
    email = render_email("survey", SURVEY, "en")
    assert "/survey/s3cret/?first=5" in email.html
    assert "/survey/s3cret/\n" in email.text
