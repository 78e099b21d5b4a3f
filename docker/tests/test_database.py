"""The database's password: fetched at connect time, kept, and fetched again when the database refuses it."""

from typing import Any

import pytest

from gatehouse_mlflow.database import Credentials, DatabaseSecret, connect_with


class Refusal(Exception):
    """The driver's OperationalError."""


class Dialect:
    """A PostgreSQL whose password is `password`."""

    class loaded_dbapi:
        OperationalError = Refusal

    def __init__(self, password: str):
        self.password = password
        self.tried: list[Credentials] = []

    def connect(self, *_args: Any, **parameters: Any) -> str:
        assert parameters["host"] == "db"
        self.tried.append((parameters["user"], parameters["password"]))
        if parameters["password"] != self.password:
            raise Refusal("password authentication failed")
        return "connected"


def rotating(*passwords: str) -> tuple[DatabaseSecret, list[str]]:
    fetched: list[str] = []

    def fetch() -> Credentials:
        fetched.append(passwords[min(len(fetched), len(passwords) - 1)])
        return "mlflow", fetched[-1]

    return DatabaseSecret(fetch), fetched


def test_fetched_once() -> None:
    secret, fetched = rotating("one")
    dialect = Dialect("one")
    for _ in range(3):
        assert connect_with(secret, dialect, (), {"host": "db", "user": "other"}) == "connected"
    assert (fetched, set(dialect.tried)) == (["one"], {("mlflow", "one")})


def test_rotation_is_followed() -> None:
    secret, fetched = rotating("one", "two")
    dialect = Dialect("one")
    connect_with(secret, dialect, (), {"host": "db"})
    dialect.password = "two"
    assert connect_with(secret, dialect, (), {"host": "db"}) == "connected"
    assert connect_with(secret, dialect, (), {"host": "db"}) == "connected"
    assert fetched == ["one", "two"]


def test_a_refusal_that_no_rotation_explains_is_passed_on() -> None:
    secret, _ = rotating("one")
    with pytest.raises(Refusal):
        connect_with(secret, Dialect("other"), (), {"host": "db"})


def test_others_refetch_is_used() -> None:
    secret, fetched = rotating("one", "two", "three")
    stale = secret.current()
    assert secret.refetch(stale) == ("mlflow", "two")
    assert secret.refetch(stale) == ("mlflow", "two")
    assert fetched == ["one", "two"]
