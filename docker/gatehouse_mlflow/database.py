"""The database's user and password from Secrets Manager, asked for when a connection is opened.

RDS rotates its managed secret every seven days and ECS injects secrets only when a task starts, so a password in the
environment would go stale.
"""

import json
import threading
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

_DIALECT = "postgresql"
Credentials = tuple[str, str]


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


def install(environ: Mapping[str, str]) -> None:
    """Every engine of this process (tracking, registry, auth, migrations) then takes its credentials from the
    secret."""
    arn = environ.get("GATEHOUSE_DATABASE_SECRET_ARN")
    if not arn:
        return
    secret = DatabaseSecret(lambda: _fetch(arn))

    @event.listens_for(Engine, "do_connect")
    def provide(dialect: Any, _record: Any, cargs: Any, cparams: dict[str, Any]) -> Any:
        if dialect.name != _DIALECT:
            return None
        return connect_with(secret, dialect, cargs, cparams)


def _fetch(arn: str) -> Credentials:
    import boto3

    # The secret lives where its ARN says, whatever region the task is configured for.
    client = boto3.client("secretsmanager", region_name=arn.split(":")[3])
    value = json.loads(client.get_secret_value(SecretId=arn)["SecretString"])
    return value["username"], value["password"]
