"""`create_admin` makes the account that lets everything else begin, or says in one sentence why not."""

from __future__ import annotations

import builtins
import getpass
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command

from accounts.management.commands.create_admin import PASSWORD_VARIABLE
from accounts.models import User
from accounts.states import Capability, Role
from audit.models import Event

pytestmark = pytest.mark.django_db

GOOD = "copper-lantern-river-41"
Unattended = Callable[..., None]


@pytest.fixture
def unattended(monkeypatch: pytest.MonkeyPatch) -> Unattended:
    """Runs the command as a script does: with options, a variable, and nobody to ask."""

    def run(
        *, password: str = GOOD, email: str = "first@desk.example", name: str = "First Admin", **more: str
    ) -> None:
        monkeypatch.setenv(PASSWORD_VARIABLE, password)
        call_command("create_admin", email=email, name=name, no_input=True, **more)

    return run


def test_unattended_run_makes_an_administrator_of_every_branch(unattended: Unattended) -> None:
    unattended(email="First@Desk.Example", language="zh-hans", time_zone="Asia/Shanghai")
    user = User.objects.get()
    assert (user.email, user.role, user.language) == ("first@desk.example", Role.ADMIN, "zh-hans")
    assert user.check_password(GOOD)
    assert user.may(Capability.CHANGE_SETTINGS)
    assert user.branch_ids is None
    assert not user.is_demo


def test_trail_says_that_nobody_signed_in_made_it(unattended: Unattended) -> None:
    unattended()
    event = Event.objects.get(stream=f"staff:{User.objects.get().pk}")
    assert (event.verb, event.actor) == ("staff.created", None)
    assert "desk.example" not in str(event.data)


def test_someone_at_the_terminal_is_asked_for_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    answers = {"E-mail: ": "first@desk.example", "Name: ": "First Admin"}
    monkeypatch.setattr(builtins, "input", answers.__getitem__)
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: GOOD)
    call_command("create_admin")
    assert User.objects.get(email="first@desk.example").check_password(GOOD)


def test_two_different_passwords_make_no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    typed = iter([GOOD, GOOD + "2"])
    monkeypatch.setattr(getpass, "getpass", lambda _prompt: next(typed))
    with pytest.raises(CommandError, match="not the same"):
        call_command("create_admin", email="first@desk.example", name="First Admin")
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"password": "short"}, "too short"),
        ({"password": "password123"}, "too common"),
        ({"email": "nowhere"}, "not an e-mail address"),
        ({"time_zone": "Mars/Olympus"}, "no time zone"),
        ({"name": " "}, "Enter a name"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_made(
    unattended: Unattended, given: dict[str, str], said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        unattended(**given)
    assert not User.objects.exists()


def test_address_that_has_an_account_is_refused(unattended: Unattended) -> None:
    unattended()
    with pytest.raises(CommandError, match="account with this address already"):
        unattended(email="FIRST@desk.example")
    assert User.objects.count() == 1


@pytest.mark.parametrize("missing", ["--email", "--name", PASSWORD_VARIABLE])
def test_unattended_run_never_waits_for_an_answer(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    given = {"--email": "first@desk.example", "--name": "First Admin", PASSWORD_VARIABLE: GOOD}
    del given[missing]
    monkeypatch.setenv(PASSWORD_VARIABLE, given.pop(PASSWORD_VARIABLE, ""))
    with pytest.raises(CommandError, match="missing"):
        call_command("create_admin", *[part for pair in given.items() for part in pair], "--no-input")


def test_the_first_administrator_is_told_what_to_do_next(
    unattended: Unattended, capsys: pytest.CaptureFixture[str]
) -> None:
    unattended()
    assert "add a branch" in capsys.readouterr().out
