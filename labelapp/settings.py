"""Django settings: the only place that reads the environment.

Every variable has a default that works on one machine with nothing else installed; docs/production.md lists them.
"""

import os
import secrets
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import dj_database_url
import structlog
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from labelapp.common.embedded import EmbeddedPostgres, EmbeddedValkey

BASE_DIR = Path(__file__).resolve().parent.parent


class BadEnvironment(ImproperlyConfigured):
    """A variable of the environment says what cannot be; the message is one line for the person who set it."""


def env_flag(name: str, *, default: bool) -> bool:
    """Read a yes/no variable; anything but the usual spellings is an error rather than a guess."""
    value = os.environ.get(name, "").strip().lower()
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    if value:
        raise BadEnvironment(f"{name} must be true or false, not {value!r}")
    return default


def env_int(name: str, *, default: int) -> int:
    """Read a whole number."""
    value = os.environ.get(name, "").strip()
    if not value:
        return default
    try:
        return int(value)
    except ValueError as error:
        raise BadEnvironment(f"{name} must be a whole number, not {value!r}") from error


def read_url(name: str, value: str, *, parse: Callable[[str], Any], example: str) -> Any:
    """Parse an address. What cannot be read is not repeated: it may hold a password."""
    try:
        return parse(value)
    except ValueError as error:
        raise BadEnvironment(f"{name} must be an address such as {example}") from error


def env_list(name: str, *, default: list[str]) -> list[str]:
    """Read a comma-separated list."""
    value = os.environ.get(name, "")
    return [item.strip() for item in value.split(",") if item.strip()] or default


def checked_ray_address(address: str) -> str:
    """Return the address of a Ray jobs server, such as http://10.0.0.5:8265, without a slash at its end."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.username:
        message = f"RAY_ADDRESSES: {address!r} is not an address such as http://10.0.0.5:8265"
        raise BadEnvironment(message)
    return f"{parts.scheme}://{parts.netloc}"


def checked_storage_url(url: str) -> str:
    """Return the address of a bucket, such as s3://bucket/prefix; nothing is repeated that may hold a secret."""
    parts = urlsplit(url)
    style = parse_qs(parts.query, keep_blank_values=True).get("addressing_style", ["auto"])
    is_bucket = parts.scheme == "s3" and parts.netloc and not {"@", ":"} & set(parts.netloc)
    if url and not (is_bucket and style[-1] in {"auto", "path", "virtual"}):
        raise BadEnvironment("STORAGE_URL must be an address such as s3://bucket/prefix, without keys")
    return url


def stored_secret_key(data_dir: Path) -> str:
    """Return this installation's own secret key, made on the first start and readable by its owner alone."""
    path = data_dir / "secret_key"
    data_dir.mkdir(parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text().strip()
    with os.fdopen(descriptor, "w") as file:
        key = secrets.token_urlsafe(50)
        file.write(key)
    return key


DATA_DIR = Path(os.environ.get("DATA_DIR") or BASE_DIR / "data").resolve()
DEBUG = env_flag("DEBUG", default=False)
SECRET_KEY = os.environ.get("SECRET_KEY") or stored_secret_key(DATA_DIR)
# What operators put here can be imported by name: large files, dataset directories, logs that grow.
IMPORT_DIR = Path(os.environ.get("IMPORT_DIR") or DATA_DIR / "incoming").resolve()
SECRET_KEY_FALLBACKS = env_list("SECRET_KEY_FALLBACKS", default=[])
PORT = env_int("PORT", default=8000)
BIND_ADDRESS = os.environ.get("BIND_ADDRESS") or "127.0.0.1"
PUBLIC_URL = os.environ.get("PUBLIC_URL", f"http://localhost:{PORT}").rstrip("/")
IS_HTTPS = PUBLIC_URL.startswith("https://")
PUBLIC_HOST = read_url(
    "PUBLIC_URL",
    PUBLIC_URL,
    parse=lambda url: urlsplit(url).hostname or "localhost",
    example="https://label.example.org",
)
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", PUBLIC_HOST])
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
CSRF_FAILURE_VIEW = "labelapp.common.errors.csrf_failure"

# The names and the order of the architecture: each app may import those below it (pyproject.toml, importlinter).
LABELAPP_APPS = [
    "evaluations", "runs", "datasets", "quality", "labeling", "prompts", "checkpoints", "webhooks", "accounts",
    "common",
]  # fmt: skip
INSTALLED_APPS = [
    *(f"labelapp.{name}" for name in LABELAPP_APPS),
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "allauth",
    "allauth.account",
    "allauth.headless",
    "allauth.usersessions",
    "csp",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "labelapp.common.assets.AssetsMiddleware",
    "labelapp.common.compression.JsonCompressionMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
]
ROOT_URLCONF = "labelapp.urls"
WSGI_APPLICATION = "labelapp.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]

# --- PostgreSQL and Redis: the embedded servers of `manage.py serve` under DATA_DIR where nothing else is set. ---
DATABASE_IS_EMBEDDED = not os.environ.get("DATABASE_URL")
DATABASE_URL = os.environ.get("DATABASE_URL") or EmbeddedPostgres(DATA_DIR).url
REDIS_IS_EMBEDDED = not os.environ.get("REDIS_URL")
REDIS_URL = os.environ.get("REDIS_URL") or EmbeddedValkey(DATA_DIR).url
# The web process pools; Celery must not (a forked pool shares sockets), so `celery` runs without.
DATABASE_POOL_SIZE = env_int("DATABASE_POOL_SIZE", default=0)
_database = read_url(
    "DATABASE_URL", DATABASE_URL, parse=dj_database_url.parse, example="postgres://user:password@host:5432/name"
)
DATABASES: dict[str, Any] = {"default": dict(_database)}
# The statements that labelers run all day are planned once per connection; a pooler between may not allow it.
if env_flag("DATABASE_PREPARED_STATEMENTS", default=True):
    DATABASES["default"]["OPTIONS"] = {**DATABASES["default"].get("OPTIONS", {}), "prepare_threshold": 2}
if DATABASE_POOL_SIZE:
    DATABASES["default"]["OPTIONS"] = {
        **DATABASES["default"].get("OPTIONS", {}),
        "pool": {"min_size": 1, "max_size": DATABASE_POOL_SIZE, "timeout": 10},
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 60
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

CACHES = {"default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}}

# --- Celery: the bell. Acknowledged late, one at a time, short (runs live in their own processes). ---
# kombu spells the address of a unix socket in its own way.
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=", 1)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 30
# Well under the visibility timeout, or a slow task is delivered a second time while it still runs.
CELERY_TASK_TIME_LIMIT = 1800
CELERY_TASK_SOFT_TIME_LIMIT = 1740
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 7200}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_DEFAULT_QUEUE = "default"
# Workers of this queue have torch and the devices.
CELERY_TASK_ROUTES = {"runs.launch": {"queue": "runs"}, "runs.register_tiny": {"queue": "runs"}}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "sweep-runs": {"task": "runs.sweep", "schedule": 10.0, "options": {"expires": 10}},
    "sweep-imports": {"task": "prompts.sweep", "schedule": 30.0, "options": {"expires": 30}},
    "sweep-datasets": {"task": "datasets.sweep", "schedule": 30.0, "options": {"expires": 30}},
    "finish-projects": {"task": "labeling.finish", "schedule": 30.0, "options": {"expires": 30}},
    "sweep-webhooks": {"task": "webhooks.sweep", "schedule": 5.0, "options": {"expires": 5}},
    "prune-webhooks": {"task": "webhooks.prune", "schedule": 3600.0, "options": {"expires": 3600}},
}

# --- Accounts ---
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"  # accounts come from invitations, which proved the address
ACCOUNT_ADAPTER = "labelapp.accounts.adapter.InvitationOnlyAdapter"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # nobody gets mail because somebody mistyped an address
# Logins are counted by address; behind a proxy all would have the proxy's, and forty labelers lock each other out.
ALLAUTH_TRUSTED_PROXY_COUNT = env_int("TRUSTED_PROXY_COUNT", default=0)
HEADLESS_ONLY = True
HEADLESS_CLIENTS = ("browser",)
HEADLESS_FRONTEND_URLS = {
    "account_confirm_email": f"{PUBLIC_URL}/login",
    "account_reset_password": f"{PUBLIC_URL}/password-reset",
    "account_reset_password_from_key": f"{PUBLIC_URL}/password-reset/{{key}}",
    "account_signup": f"{PUBLIC_URL}/login",
}
SESSION_COOKIE_AGE = 14 * 24 * 3600
SESSION_ENGINE = "labelapp.accounts.sessions"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_HTTPS else None
SECURE_HSTS_SECONDS = 31536000 if IS_HTTPS else 0
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"

# --- E-mail: printed to the log until EMAIL_URL (smtp://user:password@host:587?tls=true) is set. ---
EMAIL_URL = os.environ.get("EMAIL_URL", "")
DEFAULT_FROM_EMAIL = os.environ.get("DEFAULT_FROM_EMAIL", "labelapp@localhost")
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
EMAIL_TIMEOUT = 10  # a mail server that does not answer must not hold a thread for ever
if EMAIL_URL:
    _email = urlsplit(EMAIL_URL)
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = _email.hostname or ""
    EMAIL_PORT = read_url(
        "EMAIL_URL", EMAIL_URL, parse=lambda url: urlsplit(url).port or 587, example="smtp://user:password@host:587"
    )
    EMAIL_HOST_USER = unquote(_email.username or "")
    EMAIL_HOST_PASSWORD = unquote(_email.password or "")
    EMAIL_USE_TLS = parse_qs(_email.query).get("tls", ["false"])[0] == "true"

# --- API ---
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "labelapp.accounts.authentication.ApiTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["labelapp.accounts.permissions.DeclaredRole"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["labelapp.common.parsers.BoundedJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "labelapp.common.pagination.PageNumbers",
    "PAGE_SIZE": 50,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "labelapp.common.errors.exception_handler",
    "DEFAULT_VERSIONING_CLASS": None,
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "labelapp",
    "DESCRIPTION": "Everything that the pages do. Errors are `{code, message, errors: [{field, message}], data}`.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["labelapp.accounts.permissions.DeclaredRole"],
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    # Without these, enums of the same field name are called by a hash, in the schema and in the client's types.
    "ENUM_NAME_OVERRIDES": {
        "CheckpointKindEnum": "labelapp.checkpoints.models.CheckpointKind",
        "ConsentActionEnum": "labelapp.prompts.record_models.Consent.Action",
        "DatasetKindEnum": "labelapp.datasets.models.DatasetKind",
        "DatasetVersionStateEnum": "labelapp.datasets.models.DatasetVersion.State",
        "DeliveryStateEnum": "labelapp.webhooks.models.Delivery.State",
        "DecisionActionEnum": "labelapp.labeling.review_models.Decision.Action",
        "FlagKindEnum": "labelapp.labeling.review_models.Flag.Kind",
        "ImportStateEnum": "labelapp.prompts.models.PromptImport.State",
        "PiiStateEnum": "labelapp.prompts.models.PiiState",
        "MessageRoleEnum": "labelapp.prompts.serializers.ROLES",
        "ProjectKindEnum": "labelapp.labeling.models.ProjectKind",
        "ProjectStateEnum": "labelapp.labeling.models.Project.State",
        "PromptChangeActionEnum": "labelapp.prompts.change_models.PromptChange.Action",
        "PromptChangeStateEnum": "labelapp.prompts.change_models.PromptChange.State",
        "PromptKindEnum": "labelapp.prompts.models.PromptKind",
        "QuestionKeyEnum": "labelapp.labeling.questions.ALL_KEYS",
        "QuestionKindEnum": "labelapp.labeling.questions.KINDS",
        "ReportKindEnum": "labelapp.labeling.review_serializers.REPORT_KINDS",
        "ReportReasonEnum": "labelapp.labeling.review_queries.REASONS",
        "RoleEnum": "labelapp.accounts.models.Role",
        "RunKindEnum": "labelapp.runs.models.RunKind",
        "SkipReasonEnum": "labelapp.labeling.models.Skip.Reason",
        "SplitEnum": "labelapp.prompts.models.Split",
        "WebhookEventEnum": "labelapp.webhooks.models.EventType",
        "TinyBaseStateEnum": "labelapp.runs.tiny_base.TINY_BASE_STATES",
        "UseCaseEnum": "labelapp.prompts.models.UseCase",
        "WritableKindEnum": "labelapp.prompts.authoring_serializers.KINDS",
    },
    "DISABLE_ERRORS_AND_WARNINGS": False,
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 16 * 1024 * 1024
CONTENT_SECURITY_POLICY = {
    # Prompts and outputs are untrusted text: nothing may load from another origin, and no inline script runs.
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF, NONCE],
        # React sets style attributes (positions, progress bars); attributes cannot load or run anything here.
        "style-src-attr": ["'unsafe-inline'"],
        "img-src": [SELF, "data:"],
        "font-src": [SELF, "data:"],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    },
    "EXCLUDE_URL_PREFIXES": ["/api/docs"],
}

# --- Webhooks: whether they may go to private, loopback and link-local addresses, also without TLS. ---
WEBHOOK_PRIVATE_ADDRESSES = env_flag("WEBHOOK_PRIVATE_ADDRESSES", default=False)

# --- Runs: processes of the torch side. They get these variables and no others: no database address, no secret key. ---
MODELS_PYTHON = os.environ.get("MODELS_PYTHON") or sys.executable
RUN_CPU_SLOTS = env_int("RUN_CPU_SLOTS", default=1)
RUN_GPUS = env_list("RUN_GPUS", default=["auto"])
# Jobs servers of Ray clusters that runs may be sent to. Whoever may submit a job may run anything there.
RAY_ADDRESSES = [checked_ray_address(address) for address in env_list("RAY_ADDRESSES", default=[])]
RAY_AUTH_TOKEN = os.environ.get("RAY_AUTH_TOKEN", "")
# On the cluster: a Python that has torch and ray, and the folder of this repository.
RAY_PYTHON = os.environ.get("RAY_PYTHON") or MODELS_PYTHON
RAY_CODE_DIR = os.environ.get("RAY_CODE_DIR") or str(BASE_DIR)
RUN_ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name.startswith(("HF_", "NVIDIA_"))
    or name in {"PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "CUDA_GRAPHS"}
    or name.lower() in {"http_proxy", "https_proxy", "no_proxy", "ssl_cert_file"}
}

# --- Files: what is frozen goes to DATA_DIR, or to this bucket; how to reach it boto3 reads itself from AWS_… ---
STORAGE_URL = checked_storage_url(os.environ.get("STORAGE_URL", ""))
STATIC_URL = "/static/"
FRONTEND_DIR = BASE_DIR / "frontend" / "dist"
WHITENOISE_ROOT = FRONTEND_DIR if FRONTEND_DIR.exists() else None
WHITENOISE_USE_FINDERS = True  # no collectstatic: the only files of ours are the front end's, which Vite names by hash
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/assets/.+-[A-Za-z0-9_-]{8}\.\w+$"


LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True

# --- Logs: structured, to standard error ---
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.filter_by_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "lines": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processor": structlog.processors.KeyValueRenderer(key_order=["timestamp", "level", "event"]),
            # The records of Django, Celery and gunicorn did not come through structlog.
            "foreign_pre_chain": [structlog.stdlib.add_log_level, structlog.processors.TimeStamper(fmt="iso")],
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "lines"}},
    "root": {"handlers": ["console"], "level": os.environ.get("LOG_LEVEL", "INFO")},
    "loggers": {"django_structlog": {"level": "WARNING"}, "botocore": {"level": "WARNING"}},
}
