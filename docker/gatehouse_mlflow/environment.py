"""Turns the environment of the container into the command line and environment of `mlflow server`; says all that is
wrong with it at once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from gatehouse_mlflow.access import Access, Problems
from gatehouse_mlflow.metrics import HOST, PORT
from gatehouse_mlflow.rekey import StoredKeys, read_keys
from gatehouse_mlflow.settings import SettingsError, read_gate_settings

# What a client may give as a model version's source; any other scheme makes the server read it with its own role.
# The two words are what versions of prompts send.
_MODEL_SOURCES = r"^(mlflow-artifacts:/|runs:/|models:/|dummy-source$|prompt-template$)"

# Never negotiable: the gate's promises rest on them.
_FORCED = {
    "MLFLOW_BASIC_AUTH_FAIL_CLOSED": "true",
    "MLFLOW_ENABLE_REMOTE_ASSISTANT": "false",
    "MLFLOW_SERVER_ENABLE_CUSTOM_SCORERS": "false",
    "MLFLOW_SERVER_ENABLE_GRAPHQL_AUTH": "true",
}
_DEFAULTS = {
    "MLFLOW_CREATE_MODEL_VERSION_SOURCE_VALIDATION_REGEX": _MODEL_SOURCES,
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_AI_GATEWAY": "false",
    # The server has no way to the internet, where MLflow would look for newer lists of models, one provider after the
    # other; it has lists of its own. A mirror may be named: `https://...` or `file:///...`.
    "MLFLOW_MODEL_CATALOG_URI": "",
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_SERVER_X_FRAME_OPTIONS": "SAMEORIGIN",
}
# Each would serve other paths, another application or another tenant than the gate decides on.
_MUST_BE_UNSET = (
    "MLFLOW_ARTIFACTS_ONLY",
    "MLFLOW_EXPOSE_PROMETHEUS",
    "MLFLOW_GUNICORN_OPTS",
    "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE",
    "MLFLOW_STATIC_PREFIX",
    "MLFLOW_WORKSPACE",
    "MLFLOW_WORKSPACE_STORE_URI",
)
# The task's address in its private subnet isn't known before it runs; the local run says 127.0.0.1.
_EVERY_INTERFACE = "0.0.0.0"  # noqa: S104
# A load balancer keeps idle connections for 60 s by default: closing first would turn its next request into a 502.
_UVICORN = "--timeout-keep-alive 75 --timeout-graceful-shutdown 20 --no-access-log --no-server-header"


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """What to seed, and how to run MLflow."""

    access: Access
    database: str
    artifacts: str
    arguments: tuple[str, ...]
    environ: Mapping[str, str]
    keys: StoredKeys


def plan_server(environ: Mapping[str, str]) -> ServerPlan:
    """Raises SettingsError with every problem found."""
    problems = Problems()
    gate = read_gate_settings(environ, problems)
    flask = "MLFLOW_FLASK_SERVER_SECRET_KEY"
    problems.expect(len(environ.get(flask, "")) >= 32, f"{flask} must have 32 or more characters")
    keys = read_keys(environ, problems)
    database = _database(environ, problems)
    artifacts = _artifacts(environ, problems)
    port = _number(environ, "GATEHOUSE_PORT", 5000, 65535, problems)
    workers = _number(environ, "GATEHOUSE_WORKERS", 1, 64, problems)
    metrics = _metrics(environ, port, problems)
    for name in _MUST_BE_UNSET:
        problems.expect(not environ.get(name), f"{name} must not be set")
    if problems or gate is None:
        raise SettingsError(problems)
    arguments = (
        "server",
        "--app-name=gatehouse",
        "--enable-workspaces",
        "--serve-artifacts",
        f"--artifacts-destination={artifacts}",
        f"--host={environ.get('GATEHOUSE_HOST') or _EVERY_INTERFACE}",
        f"--port={port}",
        f"--workers={workers}",
        f"--uvicorn-opts={_UVICORN}",
    )
    # The database's URL travels in the environment, so that the list of processes doesn't show it.
    given = {name: value for name, value in environ.items() if value}
    mlflow = {**_DEFAULTS, **given, **metrics, **_FORCED, **keys.environ()}
    if region := mlflow.get("AWS_REGION"):
        # What ECS is told; boto3 reads only the other name, and signs for the wrong region without it.
        mlflow.setdefault("AWS_DEFAULT_REGION", region)
    mlflow["MLFLOW_BACKEND_STORE_URI"] = database
    return ServerPlan(gate.access, database, artifacts, arguments, mlflow, keys)


def auth_configuration(database: str) -> str:
    """The ini file of MLflow's auth application: nothing by default, and users only from the gate."""
    # `#` can't be part of a person's name: nobody can come as this user, whom MLflow insists on creating.
    lines = (
        "[mlflow]",
        "default_permission = NO_PERMISSIONS",
        "grant_default_workspace_access = false",
        "authorization_function = gatehouse_mlflow.actor:authorize",
        "admin_username = gatehouse#bootstrap",
        f"database_uri = {database.replace('%', '%%')}",
    )
    return "\n".join(lines) + "\n"


def _database(environ: Mapping[str, str], problems: Problems) -> str:
    url, arn = environ.get("GATEHOUSE_DATABASE", ""), environ.get("GATEHOUSE_DATABASE_SECRET_ARN", "")
    if not problems.expect(
        re.match(r"(sqlite:///|postgresql\+psycopg://)", url) is not None,
        "GATEHOUSE_DATABASE must be a `postgresql+psycopg://` or `sqlite:///` URL",
    ):
        return url
    iam = environ.get("GATEHOUSE_DATABASE_IAM", "")
    problems.expect(iam in ("", "true", "false"), "GATEHOUSE_DATABASE_IAM must be `true` or `false`")
    if iam == "true":
        _token_login(url, environ, problems)
    if arn:
        problems.expect(
            re.fullmatch(r"arn:aws[-a-z]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:\S+", arn) is not None,
            "GATEHOUSE_DATABASE_SECRET_ARN is not the ARN of a secret of Secrets Manager",
        )
        problems.expect(
            urlsplit(url).password is None,
            "GATEHOUSE_DATABASE must hold no password when GATEHOUSE_DATABASE_SECRET_ARN is set",
        )
    return url


def _token_login(url: str, environ: Mapping[str, str], problems: Problems) -> None:
    """A token is a password in clear to whoever answers: only the real database may be asked."""
    parts = urlsplit(url)
    problems.expect(
        parts.scheme.startswith("postgresql") and bool(parts.username) and parts.password is None,
        "GATEHOUSE_DATABASE must be a `postgresql+psycopg://<user>@<host>` URL without password when "
        "GATEHOUSE_DATABASE_IAM is true",
    )
    problems.expect(bool(environ.get("AWS_REGION")), "AWS_REGION is needed when GATEHOUSE_DATABASE_IAM is true")
    problems.expect(
        dict(parse_qsl(parts.query)).get("sslmode") == "verify-full" or parts.hostname in ("127.0.0.1", "localhost"),
        "GATEHOUSE_DATABASE must say `sslmode=verify-full` when GATEHOUSE_DATABASE_IAM is true",
    )


def _artifacts(environ: Mapping[str, str], problems: Problems) -> str:
    value = environ.get("GATEHOUSE_ARTIFACTS", "")
    problems.expect(
        re.match(r"(s3://[a-z0-9.-]+|file:///|/)", value) is not None,
        "GATEHOUSE_ARTIFACTS must be `s3://bucket/...`, a `file:///` URI or an absolute path",
    )
    return value


def _metrics(environ: Mapping[str, str], served: int, problems: Problems) -> dict[str, str]:
    """On a port of their own: at MLflow's, whoever passes the gate would see them."""
    if not environ.get(PORT):
        return {}
    port = _number(environ, PORT, 9464, 65535, problems)
    problems.expect(port != served, f"{PORT} must not be the port of MLflow")
    return {HOST: environ.get(HOST) or environ.get("GATEHOUSE_HOST") or _EVERY_INTERFACE}


def _number(environ: Mapping[str, str], name: str, default: int, most: int, problems: Problems) -> int:
    value = environ.get(name) or str(default)
    good = value.isascii() and value.isdigit() and 1 <= int(value) <= most
    return int(value) if problems.expect(good, f"{name} must be a number from 1 to {most}") else default
