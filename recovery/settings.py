"""Django's settings, made from `recovery.environment`: safe by default, the same in every mode."""

from __future__ import annotations

from typing import Any

import dj_email_url
from django.utils.translation import gettext_lazy as _
from environs import Env

from recovery.addresses import broker_url, database_settings
from recovery.environment import BASE_DIR, read_environment
from recovery.schedule import schedule
from recovery.services.layout import Layout

ENVIRONMENT = read_environment(Env())
SERVICES = Layout(ENVIRONMENT.data_dir)
LOCAL = ENVIRONMENT.local

# --- what this installation is -------------------------------------------------------------

DEMO = ENVIRONMENT.demo
DEBUG = ENVIRONMENT.debug
SECRET_KEY = ENVIRONMENT.secret_key
SECRET_KEY_FALLBACKS = ENVIRONMENT.secret_key_fallbacks
# What seals account numbers, the newest first; without them a key made of SECRET_KEY does.
SEALING_KEYS = ENVIRONMENT.sealing_keys
ALLOWED_HOSTS = ENVIRONMENT.allowed_hosts
PUBLIC_URL = ENVIRONMENT.public_url
DATA_DIR = ENVIRONMENT.data_dir
METRICS_TOKEN = ENVIRONMENT.metrics_token
# How the organisation is named to its customers, where no branch speaks for it.
ORGANISATION_NAME = ENVIRONMENT.organisation_name

# --- surveys -------------------------------------------------------------------------------

# From the remedy's arrival to the invitation; the demo does not make one wait, so there it is a minute.
FEEDBACK_DELAY_HOURS = ENVIRONMENT.feedback_delay_hours
# Recovery satisfaction up to this point of 1–5 opens a follow-up.
FEEDBACK_LOW_SCORE = ENVIRONMENT.feedback_low_score

# --- payments ------------------------------------------------------------------------------

# Where payments are handed over to a payment system; without it batches go out as files alone.
PAYMENT_WEBHOOK_URL = ENVIRONMENT.payment_webhook_url
PAYMENT_WEBHOOK_SECRET = ENVIRONMENT.payment_webhook_secret

INSTALLED_APPS = [
    "recovery",
    "desk",
    "portal",
    "api",
    "insights",
    "compensation",
    "feedback",
    "cases",
    "customers",
    "sla",
    "messaging",
    "audit",
    "accounts",
    "common",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "django_prometheus",
    "drf_spectacular",
    "rest_framework",
]

MIDDLEWARE = [
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "desk.middleware.StaffPreferences",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django_prometheus.middleware.PrometheusAfterMiddleware",
]

ROOT_URLCONF = "recovery.urls"
WSGI_APPLICATION = "recovery.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "desk.context.desk",
            ],
        },
    },
]

FORM_RENDERER = "common.forms.Renderer"

# --- data ----------------------------------------------------------------------------------

DATABASES = {"default": database_settings(ENVIRONMENT, SERVICES)}
# Whether a connection holds planned statements; a pooler that shares connections could not.
DATABASE_PREPARE = ENVIRONMENT.prepare

REDIS_URL = ENVIRONMENT.redis_url or f"unix://{SERVICES.valkey_socket}"

CACHES: dict[str, dict[str, Any]] = {
    "default": {
        "BACKEND": "recovery.cache.ForgivingRedisCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "amends",
        "OPTIONS": {"socket_timeout": 2, "socket_connect_timeout": 2},
    },
}

# A session is one read by primary key in a database the page needs anyway: it can be revoked,
# and it outlives the loss of the cache.
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = 12 * 60 * 60
SESSION_COOKIE_NAME = "amends_session"

# --- language and time ---------------------------------------------------------------------

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- static files --------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATICFILES_FINDERS = [
    "django.contrib.staticfiles.finders.FileSystemFinder",
    "recovery.staticfiles.UsedAppFilesFinder",
    "recovery.staticfiles.PackageFinder",
]
STORAGES: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "recovery.staticfiles.HashedStorage"},
}
WHITENOISE_USE_FINDERS = DEBUG
MEDIA_ROOT = ENVIRONMENT.data_dir / "files"

# --- sign-in -------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["recovery.sign_in.StaffBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_FORMS = {
    "login": "recovery.sign_in_forms.SignInForm",
    "reset_password": "recovery.sign_in_forms.ResetForm",
}
ACCOUNT_ADAPTER = "recovery.sign_in.StaffAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
# Whoever types an address in must not have us write to strangers.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = LOGIN_URL
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = LOCAL

# --- what a browser may do -----------------------------------------------------------------

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "manifest-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    },
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = not LOCAL
SECURE_SSL_REDIRECT = not LOCAL
# Probes come from the same network, past the proxy that ends TLS.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = 0 if LOCAL else 365 * 24 * 60 * 60
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not LOCAL
# Sign-in attempts are counted per visitor, whom the proxy names.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if ENVIRONMENT.behind_proxy else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ENVIRONMENT.behind_proxy else None
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

# --- mail ----------------------------------------------------------------------------------

# Without a mail server messages stay in the outbox, where the mailbox page shows them.
EMAIL_CONFIGURED = ENVIRONMENT.email_url is not None
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
if ENVIRONMENT.email_url is not None:
    _mail = dj_email_url.parse(ENVIRONMENT.email_url)
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = _mail["EMAIL_HOST"]
    EMAIL_PORT = _mail["EMAIL_PORT"]
    EMAIL_HOST_USER = _mail["EMAIL_HOST_USER"]
    EMAIL_HOST_PASSWORD = _mail["EMAIL_HOST_PASSWORD"]
    EMAIL_USE_TLS = _mail["EMAIL_USE_TLS"]
    EMAIL_USE_SSL = _mail["EMAIL_USE_SSL"]
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = SERVER_EMAIL = ENVIRONMENT.from_email

# --- background work -----------------------------------------------------------------------

CELERY_BROKER_URL = broker_url(REDIS_URL)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_SOFT_TIME_LIMIT = 120
CELERY_TASK_TIME_LIMIT = 150
# Longer than any task may run, or an unfinished task is handed out twice.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "global_keyprefix": "amends:",
    "socket_timeout": 10,
    "socket_connect_timeout": 5,
    # A page that nudges must not wait for a lost broker: the row is there, the sweep finds it.
    "max_retries": 1,
    "interval_start": 0,
    "interval_max": 0.2,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A task whose message is lost finishes: cancelled halfway, it could do its work twice.
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_TIMEZONE = "UTC"
# Sweeps repeat and find by themselves what is due, so beat keeps no state of its own.
CELERY_BEAT_SCHEDULER = "celery.beat:Scheduler"
CELERY_BEAT_SCHEDULE = schedule()

# --- how long things are kept ---------------------------------------------------------------

RETENTION_MAIL_TEXT_DAYS = ENVIRONMENT.retention_mail_text_days
RETENTION_READ_NOTICES_DAYS = ENVIRONMENT.retention_read_notices_days

# --- programs ------------------------------------------------------------------------------

API_REQUESTS_PER_MINUTE = ENVIRONMENT.api_requests_per_minute
API_IDEMPOTENCY_DAYS = ENVIRONMENT.api_idempotency_days

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "api.authentication.BearerToken",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["api.throttling.PerKey"],
    "EXCEPTION_HANDLER": "api.problems.handle",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Amends",
    "DESCRIPTION": "Complaints and service recovery.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_NAME_OVERRIDES": {
        "StepKind": "cases.states.StepKind",
        "StepState": "cases.states.StepState",
        "EntryKind": "cases.states.EntryKind",
        "CaseState": "cases.states.CaseState",
        "ClockState": "cases.states.ClockState",
        "Metric": "sla.states.CASE_METRIC_CHOICES",
        "ContactKind": "customers.states.ContactKind",
    },
}

# --- logs ----------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "filters": {
        "not_probes": {"()": "recovery.logs.NotProbes"},
        "no_trace_of_refusals": {"()": "recovery.logs.NoTraceOfRefusals"},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": ENVIRONMENT.log_level},
    "loggers": {
        "django": {"handlers": [], "level": ENVIRONMENT.log_level, "propagate": True},
        "django.request": {"filters": ["not_probes", "no_trace_of_refusals"]},
        # Scanners ask for any host; they get their 400, and the log its peace.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        # One line per task received and done is a diary, not a sign that something is wrong.
        "celery": {"level": "WARNING" if ENVIRONMENT.log_level == "INFO" else ENVIRONMENT.log_level},
    },
}
