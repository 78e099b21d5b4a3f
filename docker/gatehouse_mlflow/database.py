"""How a connection to the database logs in: asked for when it is opened, since what logs in doesn't last.

RDS rotates its managed password every seven days and a token of IAM lives 15 minutes, while ECS injects secrets only
when a task starts.
"""

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

_DIALECT = "postgresql"
Credentials = tuple[str, str]
# Host, port, user.
Tokens = Callable[[str, int, str], str]


class DatabaseSecret:
    """Keeps the last answer; `refetch` asks again and says whether something changed."""

    def __init__(self, fetch: Callable[[], Credentials]):
        self._fetch = fetch
        self._lock = threading.Lock()
        self._current: Credentials | None = None

    def current(self) -> Credentials:
        """The credentials, fetched once."""
        with self._lock:
            if self._current is None:
                self._current = self._fetch()
            return self._current

    def refetch(self, refused: Credentials) -> Credentials | None:
        """New credentials after `refused` were refused, or None when there are no others."""
        with self._lock:
            if self._current == refused:
                self._current = self._fetch()
            return self._current if self._current != refused else None


def connect_with(secret: DatabaseSecret, dialect: Any, cargs: Any, cparams: dict[str, Any]) -> Any:
    """Opens a connection; when that fails and the secret has been rotated meanwhile, once more."""
    credentials = secret.current()
    try:
        return dialect.connect(*cargs, **{**cparams, "user": credentials[0], "password": credentials[1]})
    except dialect.loaded_dbapi.OperationalError:
        fresh = secret.refetch(credentials)
        if fresh is None:
            raise
        return dialect.connect(*cargs, **{**cparams, "user": fresh[0], "password": fresh[1]})


def connect_by_token(tokens: Tokens, dialect: Any, cargs: Any, cparams: dict[str, Any]) -> Any:
    """Opens a connection with a token made for it: signing one takes no call, so none is kept."""
    token = tokens(cparams["host"], int(cparams.get("port") or 5432), cparams["user"])
    return dialect.connect(*cargs, **{**cparams, "password": token})


def install(environ: Mapping[str, str]) -> None:
    """Every engine of this process (tracking, registry, auth, migrations) then logs in as the environment says."""
    connect = _connection(environ)
    if connect is None:
        return

    @event.listens_for(Engine, "do_connect")
    def provide(dialect: Any, _record: Any, cargs: Any, cparams: dict[str, Any]) -> Any:
        return connect(dialect, cargs, cparams) if dialect.name == _DIALECT else None


def by_iam(environ: Mapping[str, str]) -> bool:
    """Whether tokens of IAM log in."""
    return environ.get("GATEHOUSE_DATABASE_IAM") == "true"


def managed_secret(arn: str) -> DatabaseSecret:
    """The user and password that RDS keeps in Secrets Manager."""
    return DatabaseSecret(lambda: _fetch(arn))


def _connection(environ: Mapping[str, str]) -> Callable[[Any, Any, dict[str, Any]], Any] | None:
    if by_iam(environ):
        tokens = _tokens(environ["AWS_REGION"])
        return lambda *args: connect_by_token(tokens, *args)
    arn = environ.get("GATEHOUSE_DATABASE_SECRET_ARN")
    if arn:
        secret = managed_secret(arn)
        return lambda *args: connect_with(secret, *args)
    return None


def _tokens(region: str) -> Tokens:
    import boto3

    # The client finds the task's credentials, and renews them.
    client = boto3.client("rds", region_name=region)
    return lambda host, port, user: client.generate_db_auth_token(
        DBHostname=host, Port=port, DBUsername=user, Region=region
    )


def _fetch(arn: str) -> Credentials:
    import boto3

    # The secret lives where its ARN says, whatever region the task is configured for.
    client = boto3.client("secretsmanager", region_name=arn.split(":")[3])
    value = json.loads(client.get_secret_value(SecretId=arn)["SecretString"])
    return value["username"], value["password"]
