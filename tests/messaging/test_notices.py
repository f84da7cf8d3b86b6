"""Notices: each person is told once an occasion, in the language they read."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.translation import gettext_noop

from accounts.models import User
from messaging.actions import mark_read, notify
from messaging.models import Notice, OutboxMessage, Script
from messaging.queries import notices_of, scripts_for, unread_notices
from messaging.seed import seed

MESSAGE = gettext_noop("Case %(number)s: low score")

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff() -> list[User]:
    return [
        User.objects.create_user(email=f"{name}@example.com", name=name, role="supervisor", language=language)
        for name, language in (("ada", "en"), ("bo", "zh-hans"))
    ]


def tell(staff: list[User], **changes: Any) -> list[Notice]:
    values: dict[str, Any] = {
        "users": staff,
        "message": MESSAGE,
        "params": {"number": "C-26-7"},
        "url": "/desk/cases/C-26-7/",
        "dedupe_key": "low-score:7",
    }
    return notify(**(values | changes))


def test_everyone_is_told_once_an_occasion(staff: list[User]) -> None:
    assert len(tell(staff)) == 2
    assert tell(staff) == []
    assert Notice.objects.count() == OutboxMessage.objects.count() == 2


def test_the_e_mail_says_the_same_with_an_absolute_link_in_the_readers_language(staff: list[User]) -> None:
    tell(staff, urgent=True)
    mails = {message.to_address: message for message in OutboxMessage.objects.all()}
    english = mails["ada@example.com"]
    assert "C-26-7" in english.subject
    assert "http://127.0.0.1:8000/desk/cases/C-26-7/" in english.body_text
    assert 'href="http://127.0.0.1:8000/desk/cases/C-26-7/"' in english.body_html
    assert {mails["bo@example.com"].language, english.language} == {"zh-hans", "en"}


def test_some_things_need_no_e_mail(staff: list[User]) -> None:
    tell(staff, email=False)
    assert not OutboxMessage.objects.exists()


def test_those_who_left_are_not_told(staff: list[User]) -> None:
    User.objects.filter(pk=staff[0].pk).update(is_active=False)
    assert [notice.user_id for notice in tell(list(User.objects.order_by("pk")))] == [staff[1].pk]


def test_each_reads_their_own(staff: list[User]) -> None:
    tell(staff)
    tell(staff, dedupe_key="low-score:8")
    ada, bo = staff
    assert unread_notices(ada).count() == 2
    newest = notices_of(ada)[0]
    assert mark_read(actor=bo, notice_id=newest.pk) == 0
    assert mark_read(actor=ada, notice_id=newest.pk) == 1
    assert unread_notices(ada).count() == 1
    assert mark_read(actor=ada) == 1
    assert unread_notices(bo).count() == 2
    assert [notice.pk for notice in notices_of(ada, before=newest.pk)] == [newest.pk - 2]


def test_every_script_comes_in_every_language_and_the_step_in_hand_comes_first() -> None:
    english, chinese = (scripts_for(language, "apologise", limit=50) for language in ("en", "zh-hans"))
    assert len(english) == len(chinese) >= 10
    assert english[0].step == chinese[0].step == "apologise"
    assert {script.code for script in english} == {script.code for script in chinese}


def test_seeding_again_keeps_what_an_administrator_changed() -> None:
    Script.objects.filter(code="solve", language="en").update(body="Ours.")
    Script.objects.filter(code="listen", language="en").delete()
    count = Script.objects.count()
    seed()
    assert Script.objects.count() == count + 1
    assert Script.objects.get(code="solve", language="en").body == "Ours."


def test_no_script_is_a_non_apology() -> None:
    for script in Script.objects.all():
        text = script.body.lower()
        for phrase in ("if you felt", "any inconvenience", "mistakes were made", "如果给您带来", "但是"):
            assert phrase not in text
        assert {"{customer}", "{agent}"} <= set(text.replace("}", "} ").replace("{", " {").split())
