"""Brings the tables of MLflow and of its auth application to what this MLflow needs: one task at a time, never back.

An upgrade can't be undone without a backup, so a snapshot comes first where the database is a cluster of RDS.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy

# Any number, the same in every version of this package.
_LOCK = 7021_4170_0001
_WAIT_SECONDS = 15 * 60


class MigrationError(Exception):
    """The database can't be brought to what this MLflow needs; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Schema:
    """One of the two sets of tables: where its revision is kept, and what revisions this MLflow knows."""

    name: str
    version_table: str
    known: frozenset[str]
    head: str


@dataclass(frozen=True, slots=True)
class Migration:
    """What was done; `found` is the revision before, None for an empty database."""

    schema: str
    found: str | None
    head: str

    @property
    def pending(self) -> bool:
        """Whether there was something to do."""
        return self.found != self.head


def migrate(url: str, snapshot: Callable[[str], None] | None = None) -> list[Migration]:
    """
    Upgrades both sets of tables, and makes them in an empty database.

    `snapshot` is called with a name before anything that exists changes. Raises MigrationError for a database that a
    newer MLflow has upgraded.
    """
    from mlflow.store.db.utils import create_sqlalchemy_engine_with_retry

    engine = create_sqlalchemy_engine_with_retry(url)
    try:
        with alone(engine):
            return _migrate(engine, snapshot)
    finally:
        engine.dispose()


def pending(url: str) -> list[Migration]:
    """What `migrate` would do. Raises as it does."""
    from mlflow.store.db.utils import create_sqlalchemy_engine_with_retry

    engine = create_sqlalchemy_engine_with_retry(url)
    try:
        return [each for each in _look(engine) if each.pending]
    finally:
        engine.dispose()


def _migrate(engine: Any, snapshot: Callable[[str], None] | None) -> list[Migration]:
    from mlflow.server.auth.db.utils import migrate as migrate_auth
    from mlflow.store.db import utils

    tracking, auth = _look(engine)
    if snapshot is not None and any(each.pending and each.found is not None for each in (tracking, auth)):
        snapshot(f"{tracking.found}-to-{tracking.head}")
    if tracking.found is None:
        utils._initialize_tables(engine)
    elif tracking.pending:
        utils._upgrade_db(engine)
    if auth.pending:
        migrate_auth(engine, "head")
    left = [each for each in _look(engine) if each.pending]
    if left:
        raise MigrationError(f"MLflow's own migration left {left[0].schema} at {left[0].found}, not {left[0].head}")
    return [tracking, auth]


def _look(engine: Any) -> list[Migration]:
    found: list[Migration] = []
    for schema in _schemas():
        revision = _revision(engine, schema.version_table)
        if revision is not None and revision not in schema.known:
            raise MigrationError(
                f"the {schema.name} tables are at revision {revision}, which this MLflow doesn't know: a newer one has "
                "upgraded them, and there is no way back but a backup. Run that newer image, or restore the snapshot "
                "that was taken before its migration"
            )
        found.append(Migration(schema.name, revision, schema.head))
    return found


def _revision(engine: Any, table: str) -> str | None:
    if not sqlalchemy.inspect(engine).has_table(table):
        return None
    with engine.connect() as connection:
        return connection.execute(sqlalchemy.text(f"select version_num from {table}")).scalar()  # noqa: S608


def _schemas() -> tuple[Schema, Schema]:
    from alembic.script import ScriptDirectory
    from mlflow.server.auth.db.utils import _get_alembic_config as auth_config
    from mlflow.store.db.utils import _get_alembic_config as tracking_config

    def schema(name: str, table: str, config: Any) -> Schema:
        scripts = ScriptDirectory.from_config(config)
        head = scripts.get_current_head()
        if head is None:
            raise MigrationError(f"this MLflow holds no migrations of the {name} tables")
        return Schema(name, table, frozenset(each.revision for each in scripts.walk_revisions()), head)

    return (
        schema("tracking", "alembic_version", tracking_config("")),
        schema("auth", "alembic_version_auth", auth_config("")),
    )


@contextmanager
def alone(engine: Any) -> Iterator[None]:
    """PostgreSQL: one task at a time, others wait. The lock is the session's, so that a killed task frees it. SQLite is
    of one machine, where one run holds the data folder."""
    if engine.dialect.name != "postgresql":
        yield
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        until = time.monotonic() + _WAIT_SECONDS
        while not connection.execute(sqlalchemy.text("select pg_try_advisory_lock(:key)"), {"key": _LOCK}).scalar():
            if time.monotonic() > until:
                raise MigrationError(
                    f"another task has been migrating the database for {_WAIT_SECONDS // 60} minutes: look at its log"
                )
            time.sleep(0.5)
        try:
            yield
        finally:
            connection.execute(sqlalchemy.text("select pg_advisory_unlock(:key)"), {"key": _LOCK})
