"""The product's settings as tests use them: embedded services with their own data, strict templates."""

import os
from pathlib import Path

# Tests never touch an operator's database, whatever the shell they run in has set.
for _name in (
    "ALLOWED_HOSTS", "AMENDS_BIND", "AMENDS_DEMO", "BEHIND_PROXY", "DATABASE_URL", "DEBUG", "EMAIL_URL",
    "METRICS_TOKEN", "PORT", "PUBLIC_URL", "REDIS_URL", "SECRET_KEY",
):  # fmt: skip
    os.environ.pop(_name, None)
os.environ["AMENDS_DATA_DIR"] = str(Path(__file__).resolve().parent.parent / "var" / "test")
os.environ["AMENDS_EMBEDDED_DURABLE"] = "0"

from recovery.addresses import broker_url  # noqa: E402
from recovery.settings import *  # noqa: E402, F403
from recovery.settings import CACHES, REDIS_URL, STORAGES, TEMPLATES  # noqa: E402
from tests.support.templates import StrictUndefined  # noqa: E402

# Each worker of pytest-xdist has a numbered database of Valkey to itself.
_number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw-1").removeprefix("gw")) + 1
REDIS_URL = f"{REDIS_URL}?db={_number}"
CACHES["default"]["LOCATION"] = REDIS_URL
CELERY_BROKER_URL = broker_url(REDIS_URL)

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
WHITENOISE_AUTOREFRESH = WHITENOISE_USE_FINDERS = True
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
TEMPLATES[0]["OPTIONS"]["string_if_invalid"] = StrictUndefined("%s")
