"""Reads all that Amends takes from the environment: once, typed, refusing what is missing or malformed."""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from environs import Env, EnvError

BASE_DIR = Path(__file__).resolve().parent.parent
LOCAL_NAMES = frozenset({"localhost", ".localhost", "127.0.0.1", "::1", "[::1]"})
SECRET_KEY_MIN_LENGTH = 50
WEBHOOK_SECRET_MIN_LENGTH = 32
DEMO_NAME = "Lantern Group 灯笼集团 (demo)"


class EnvironmentProblem(Exception):
    """One sentence for the operator: which variable is wrong and what it should be."""


@dataclass(frozen=True, slots=True)
class Environment:
    """What the operator decided; see `docs` for the meaning and the default of each."""

    demo: bool
    debug: bool
    secret_key: str
    secret_key_fallbacks: list[str]
    sealing_keys: list[str]
    allowed_hosts: list[str]
    bind: str
    port: int
    public_url: str
    behind_proxy: bool
    data_dir: Path
    database_url: str | None
    redis_url: str | None
    statement_timeout: int
    lock_timeout: int
    connection_max_age: int
    prepare: bool
    email_url: str | None
    from_email: str
    metrics_token: str
    log_level: str
    web_workers: int
    web_threads: int
    worker_concurrency: int
    organisation_name: str
    feedback_delay_hours: float
    feedback_low_score: int
    api_requests_per_minute: int
    api_idempotency_days: int
    retention_mail_text_days: int
    retention_read_notices_days: int
    payment_webhook_url: str | None
    payment_webhook_secret: str

    @property
    def local(self) -> bool:
        """Reachable from this machine only: a demo, or the embedded database."""
        return self.demo or self.database_url is None


def read_environment(source: Env | None = None) -> Environment:
    """Returns the whole environment; raises `EnvironmentProblem` with one clear sentence."""
    env = source or Env()
    try:
        found = _read(env)
    except EnvError as error:
        raise EnvironmentProblem(_sentence(error)) from error
    _refuse_reachable_local(found)
    _refuse_weak_production(found)
    _refuse_unsigned_payments(found)
    _refuse_unusable_keys(found)
    return found


def _read(env: Env) -> Environment:
    demo = env.bool("AMENDS_DEMO", False)
    database_url = _service_url(env, "DATABASE_URL", ("postgres", "postgresql"))
    redis_url = _service_url(env, "REDIS_URL", ("redis", "rediss", "unix"))
    local = demo or database_url is None
    if not local and redis_url is None:
        raise EnvironmentProblem("REDIS_URL must be set where DATABASE_URL is, as in redis://host:6379/0.")
    data_dir = Path(env.str("AMENDS_DATA_DIR", "") or BASE_DIR / "var").expanduser().absolute()
    port = _whole(env, "PORT", 8000, 1, 65535)
    own_names = ["localhost", "127.0.0.1", "[::1]"] if local else []
    allowed_hosts = env.list("ALLOWED_HOSTS", []) or own_names
    return Environment(
        demo=demo,
        debug=env.bool("DEBUG", False),
        secret_key=env.str("SECRET_KEY", "") or (_local_secret_key(data_dir) if local else ""),
        secret_key_fallbacks=env.list("SECRET_KEY_FALLBACKS", []),
        sealing_keys=env.list("SEALING_KEYS", []),
        allowed_hosts=allowed_hosts,
        bind=env.str("AMENDS_BIND", "127.0.0.1"),
        port=port,
        public_url=_public_url(env, port, allowed_hosts, local=local),
        behind_proxy=env.bool("BEHIND_PROXY", False),
        data_dir=data_dir,
        database_url=database_url,
        redis_url=redis_url,
        statement_timeout=_whole(env, "DATABASE_STATEMENT_TIMEOUT", 30, 0, 3600),
        lock_timeout=_whole(env, "DATABASE_LOCK_TIMEOUT", 10, 0, 3600),
        connection_max_age=_whole(env, "DATABASE_CONN_MAX_AGE", 300, 0, 86400),
        prepare=env.bool("DATABASE_PREPARE", True),
        email_url=_service_url(env, "EMAIL_URL", ("smtp", "smtps", "smtp+tls", "smtp+ssl", "submission")),
        from_email=env.str("DEFAULT_FROM_EMAIL", "Amends <amends@localhost>"),
        metrics_token=env.str("METRICS_TOKEN", ""),
        log_level=_choice(env, "LOG_LEVEL", "INFO", ("DEBUG", "INFO", "WARNING", "ERROR")),
        web_workers=_whole(env, "WEB_WORKERS", 2, 1, 64),
        web_threads=_whole(env, "WEB_THREADS", 2, 1, 64),
        worker_concurrency=_whole(env, "WORKER_CONCURRENCY", 2, 1, 64),
        organisation_name=env.str("ORGANISATION_NAME", DEMO_NAME if demo else "Amends"),
        feedback_delay_hours=_hours(env, "FEEDBACK_DELAY_HOURS", 1 / 60 if demo else 24),
        feedback_low_score=_whole(env, "FEEDBACK_LOW_SCORE", 2, 1, 5),
        api_requests_per_minute=_whole(env, "API_REQUESTS_PER_MINUTE", 300, 0, 1_000_000),
        api_idempotency_days=_whole(env, "API_IDEMPOTENCY_DAYS", 7, 1, 365),
        retention_mail_text_days=_whole(env, "RETENTION_MAIL_TEXT_DAYS", 180, 0, 36500),
        retention_read_notices_days=_whole(env, "RETENTION_READ_NOTICES_DAYS", 90, 0, 36500),
        payment_webhook_url=_service_url(
            env, "PAYMENT_WEBHOOK_URL", ("https", "http") if local else ("https",)
        ),
        payment_webhook_secret=env.str("PAYMENT_WEBHOOK_SECRET", ""),
    )


def _refuse_reachable_local(found: Environment) -> None:
    """A demo has published passwords, and the embedded database no password at all."""
    if not found.local:
        return
    what = _what_makes_reachable(found)
    if what is None:
        return
    if found.demo:
        raise EnvironmentProblem(
            f"the demo's passwords are published, so it runs on this machine only, but {what}; "
            "unset it, or run without AMENDS_DEMO."
        )
    raise EnvironmentProblem(
        f"{what}, so other machines can reach it; "
        "set DATABASE_URL, REDIS_URL and SECRET_KEY as for production."
    )


def _what_makes_reachable(found: Environment) -> str | None:
    """Names the setting by which other machines are meant to reach this one, if there is any."""
    foreign = [name for name in found.allowed_hosts if name.lower() not in LOCAL_NAMES]
    if not is_loopback(found.bind):
        return f"AMENDS_BIND is {found.bind}"
    if foreign:
        return f"ALLOWED_HOSTS names {foreign[0]}"
    if (urlsplit(found.public_url).hostname or "") not in LOCAL_NAMES:
        return f"PUBLIC_URL is {found.public_url}"
    return "BEHIND_PROXY is set" if found.behind_proxy else None


def _refuse_weak_production(found: Environment) -> None:
    if found.local:
        return
    if len(found.secret_key) < SECRET_KEY_MIN_LENGTH or len(set(found.secret_key)) < 5:
        raise EnvironmentProblem(
            f"SECRET_KEY must be set to at least {SECRET_KEY_MIN_LENGTH} random characters; "
            "python -c 'import secrets; print(secrets.token_urlsafe(50))' prints some."
        )
    if not found.allowed_hosts:
        raise EnvironmentProblem("ALLOWED_HOSTS must name the hosts Amends answers to, as desk.example.com.")
    if "*" in found.allowed_hosts:
        raise EnvironmentProblem("ALLOWED_HOSTS must name the hosts Amends answers to; * answers to any.")
    if found.debug:
        raise EnvironmentProblem("DEBUG shows secrets on error pages; it is for the embedded database only.")


def _refuse_unusable_keys(found: Environment) -> None:
    for key in found.sealing_keys:
        try:
            Fernet(key)
        except ValueError:
            raise EnvironmentProblem(
                "SEALING_KEYS must hold keys of 32 bytes in base64, separated by commas, the newest first; "
                "python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())' "
                "prints one."
            ) from None


def _refuse_unsigned_payments(found: Environment) -> None:
    if found.payment_webhook_url and len(found.payment_webhook_secret) < WEBHOOK_SECRET_MIN_LENGTH:
        raise EnvironmentProblem(
            f"PAYMENT_WEBHOOK_SECRET must have at least {WEBHOOK_SECRET_MIN_LENGTH} characters "
            "where PAYMENT_WEBHOOK_URL is set."
        )


def is_loopback(address: str) -> bool:
    """Whether only this machine can reach a server that listens at `address`."""
    if address == "localhost":
        return True
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _public_url(env: Env, port: int, allowed_hosts: list[str], *, local: bool) -> str:
    host = (allowed_hosts or ["localhost"])[0].lstrip(".")
    default = f"http://127.0.0.1:{port}" if local else f"https://{host}"
    url = (env.str("PUBLIC_URL", "") or default).rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise EnvironmentProblem("PUBLIC_URL must be an address such as https://desk.example.com.")
    return url


def _service_url(env: Env, name: str, schemes: tuple[str, ...]) -> str | None:
    url = env.str(name, "")
    if not url:
        return None
    # The value may hold a password, so it is not repeated in the message.
    try:
        parts = urlsplit(url)
        well_formed = parts.scheme in schemes and bool(parts.netloc or parts.path.strip("/"))
        _ = parts.port
    except ValueError:
        well_formed = False
    if not well_formed:
        starts = " or ".join(f"{scheme}://" for scheme in schemes)
        raise EnvironmentProblem(f"{name} must be an address that starts with {starts}.")
    return url


def _whole(env: Env, name: str, default: int, low: int, high: int) -> int:
    value = env.int(name, default)
    if not low <= value <= high:
        raise EnvironmentProblem(f"{name} must be a whole number from {low} to {high}, not {value}.")
    return value


def _hours(env: Env, name: str, default: float) -> float:
    value = env.float(name, default)
    if not 0 <= value <= 24 * 365:
        raise EnvironmentProblem(f"{name} must be a number of hours from 0 to {24 * 365}, not {value}.")
    return value


def _choice(env: Env, name: str, default: str, allowed: tuple[str, ...]) -> str:
    value = env.str(name, default).upper()
    if value not in allowed:
        raise EnvironmentProblem(f"{name} must be one of {', '.join(allowed)}, not {value!r}.")
    return value


def _local_secret_key(data_dir: Path) -> str:
    """The key of a local installation: made once, kept where only its owner can read it."""
    path = data_dir / "secret_key"
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        pass
    except OSError as error:
        raise EnvironmentProblem(f"{path} can't be read ({error.strerror}).") from error
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"secret_key.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(64), encoding="ascii")
        # Linking fails if another process was first; then its key is the one.
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise EnvironmentProblem(f"the data folder {data_dir} is not writable ({error.strerror}).") from error


def _sentence(error: EnvError) -> str:
    return " ".join(str(error).split()).rstrip(".") + "."
