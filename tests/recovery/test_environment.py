"""What is missing or malformed in the environment stops the start, with one clear sentence."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from recovery.environment import BASE_DIR, EnvironmentProblem, read_environment

PRODUCTION = {
    "DATABASE_URL": "postgres://amends:pass@db.example.com/amends",
    "REDIS_URL": "redis://broker.example.com:6379/0",
    "SECRET_KEY": "an-example-of-a-key-0123456789-that-is-long-enough-to-pass",
    "ALLOWED_HOSTS": "desk.example.com",
}


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in PRODUCTION:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AMENDS_DATA_DIR", str(tmp_path / "var"))


def test_nothing_set_means_local_and_safe() -> None:
    environment = read_environment()

    assert environment.local
    assert not environment.demo
    assert not environment.debug
    assert environment.bind == "127.0.0.1"


def test_a_local_secret_key_is_made_once_and_kept_private() -> None:
    first = read_environment()
    second = read_environment()

    assert first.secret_key == second.secret_key
    assert len(first.secret_key) >= 50
    assert (first.data_dir / "secret_key").stat().st_mode & 0o077 == 0


def test_production_takes_what_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, PRODUCTION)

    environment = read_environment()

    assert not environment.local
    assert environment.allowed_hosts == ["desk.example.com"]
    assert environment.public_url == "https://desk.example.com"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"PORT": "many"}, "PORT"),
        ({"PORT": "70000"}, "PORT must be a whole number from 1 to 65535, not 70000"),
        ({"AMENDS_DEMO": "perhaps"}, "AMENDS_DEMO"),
        (
            {"DATABASE_URL": "mysql://db/amends"},
            "DATABASE_URL must be an address that starts with postgres://",
        ),
        ({"DATABASE_URL": "postgres://db:port/amends"}, "DATABASE_URL must be an address"),
        ({"DATABASE_URL": PRODUCTION["DATABASE_URL"]}, "REDIS_URL must be set where DATABASE_URL is"),
        ({"REDIS_URL": "localhost"}, "REDIS_URL must be an address"),
        ({"EMAIL_URL": "mailhost"}, "EMAIL_URL must be an address"),
        ({"PUBLIC_URL": "desk"}, "PUBLIC_URL must be an address"),
        ({"LOG_LEVEL": "loud"}, "LOG_LEVEL must be one of"),
        ({"AMENDS_DATA_DIR": "/proc/amends"}, "the data folder /proc/amends"),
        ({**PRODUCTION, "SECRET_KEY": ""}, "SECRET_KEY must be set"),
        ({**PRODUCTION, "SECRET_KEY": "x" * 60}, "SECRET_KEY must be set"),
        ({**PRODUCTION, "ALLOWED_HOSTS": ""}, "ALLOWED_HOSTS must name"),
        ({**PRODUCTION, "ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS must name"),
        ({**PRODUCTION, "DEBUG": "1"}, "DEBUG shows secrets"),
    ],
)
def test_a_wrong_value_is_named(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], sentence: str
) -> None:
    _set(monkeypatch, changes)

    with pytest.raises(EnvironmentProblem) as caught:
        read_environment()

    assert sentence in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "changes",
    [
        {"AMENDS_BIND": "0.0.0.0"},
        {"AMENDS_BIND": "192.0.2.7"},
        {"ALLOWED_HOSTS": "desk.example.com"},
        {"ALLOWED_HOSTS": "localhost,*"},
        {"PUBLIC_URL": "https://desk.example.com"},
        {"BEHIND_PROXY": "1"},
    ],
)
@pytest.mark.parametrize("demo", ["0", "1"])
def test_published_passwords_and_open_databases_stay_on_this_machine(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str], demo: str
) -> None:
    _set(monkeypatch, {**changes, "AMENDS_DEMO": demo})

    with pytest.raises(EnvironmentProblem) as caught:
        read_environment()

    assert next(iter(changes)) in str(caught.value)


def test_a_demo_on_servers_of_ones_own_stays_on_this_machine_too(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, {**PRODUCTION, "AMENDS_DEMO": "1"})

    with pytest.raises(EnvironmentProblem, match="the demo's passwords are published"):
        read_environment()


def test_passwords_in_addresses_are_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    _set(monkeypatch, {"DATABASE_URL": "postgres://amends:hunter2@db:port/amends"})

    with pytest.raises(EnvironmentProblem) as caught:
        read_environment()

    assert "hunter2" not in str(caught.value)


@pytest.mark.process
def test_a_command_says_it_in_one_line_and_shows_no_traceback() -> None:
    done = _manage("check", PORT="many")

    assert done.returncode == 2
    assert done.stderr.startswith("Amends can't start: ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.process
def test_the_deployment_check_is_clean_in_production() -> None:
    done = _manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout + done.stderr


def _set(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> None:
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def _manage(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "recovery.settings", **changes}
    # Set while this process drives a browser; no operator sets it.
    environment.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_keys_that_seal_are_checked_before_anything_is_sealed(monkeypatch: pytest.MonkeyPatch) -> None:
    good = "Zm9yIHRlc3RzIGFsb25lLCBvZiAzMiBieXRlcyEhISE="
    monkeypatch.setenv("SEALING_KEYS", f"{good},{good}")
    assert read_environment().sealing_keys == [good, good]
    monkeypatch.setenv("SEALING_KEYS", f"{good},too-short")
    with pytest.raises(EnvironmentProblem, match="SEALING_KEYS must hold keys of 32 bytes"):
        read_environment()
