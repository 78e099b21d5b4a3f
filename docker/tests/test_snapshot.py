"""The snapshot before a migration, against moto's RDS: one per attempt, waited for, and no migration without it."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from mlflow.store.db import utils
from moto.rds.models import rds_backends
from moto.server import ThreadedMotoServer

from gatehouse_mlflow.migrate import migrate
from gatehouse_mlflow.snapshot import SnapshotError, identifier, snapshots

CLUSTER, REGION = "gatehouse-Central", "eu-west-1"
NAME = "gatehouse-central-before-a-to-b"
Log = list[tuple[str, str]]


@pytest.fixture
def rds(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "AWS_ENDPOINT_URL_RDS": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }.items():
        monkeypatch.setenv(name, value)
    backend = rds_backends["123456789012"][REGION]
    backend.reset()
    client = boto3.client("rds", region_name=REGION)
    password = {"MasterUsername": "mlflow", "MasterUserPassword": "a-password"}
    client.create_db_cluster(DBClusterIdentifier=CLUSTER, Engine="aurora-postgresql", **password)
    yield client
    backend.reset()
    server.stop()


def taker(log: Log) -> Any:
    environ = {"GATEHOUSE_DATABASE_CLUSTER": CLUSTER, "AWS_REGION": REGION}
    return snapshots(environ, lambda _, name, state: log.append((name, state)), poll_seconds=0.05)


def stored(name: str) -> Any:
    """The snapshot as moto keeps it."""
    return rds_backends["123456789012"][REGION].cluster_snapshots[name]


def names(client: Any) -> list[str]:
    found = client.describe_db_cluster_snapshots(SnapshotType="manual")["DBClusterSnapshots"]
    return sorted(each["DBClusterSnapshotIdentifier"] for each in found)


def test_no_cluster_no_snapshot() -> None:
    assert snapshots({"AWS_REGION": REGION}, print) is None


@pytest.mark.parametrize(("cluster", "name"), [("Central_db", "A--b_to.c"), ("x" * 300, "a"), ("c", "a-")])
def test_a_name_that_rds_takes(cluster: str, name: str) -> None:
    made = identifier(cluster, name)
    assert len(made) <= 250
    assert made[0].isalpha()
    assert not made.endswith("-")
    assert "--" not in made
    assert set(made) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_a_second_attempt_takes_no_second_one(rds: Any) -> None:
    log: Log = []
    taker(log)("a-to-b")
    taker(log)("a-to-b")
    assert names(rds) == [NAME]
    assert log == [(NAME, "started"), (NAME, "available"), (NAME, "already there"), (NAME, "available")]


def test_after_a_way_back_the_old_one_is_not_enough(rds: Any) -> None:
    log: Log = []
    taker(log)("a-to-b")
    stored(NAME).created = datetime.now(UTC) - timedelta(days=30)
    taker(log)("a-to-b")
    assert names(rds) == [NAME, f"{NAME}-2"]
    assert log[2:] == [(f"{NAME}-2", "started"), (f"{NAME}-2", "available")]


def test_it_is_waited_for(rds: Any) -> None:
    taker([])("a-to-b")
    stored(NAME).status = "creating"
    log: Log = []
    thread = threading.Thread(target=taker(log), args=("a-to-b",))
    thread.start()
    time.sleep(0.5)
    assert log == [(NAME, "already there")]
    stored(NAME).status = "available"
    thread.join(10)
    assert log == [(NAME, "already there"), (NAME, "available")]


def test_nothing_is_migrated_without_it(rds: Any, tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    url = f"sqlite:///{file}"
    migrate(url)
    # As an older MLflow left it: the step before the last.
    before = previous_revision()
    with sqlite3.connect(file) as database:
        (head,) = database.execute("select version_num from alembic_version").fetchone()
        database.execute("update alembic_version set version_num = ?", (before,))
    name = f"gatehouse-central-before-{before}-to-{head}"
    rds.create_db_cluster_snapshot(DBClusterIdentifier=CLUSTER, DBClusterSnapshotIdentifier=name)
    stored(name).status = "failed"
    with pytest.raises(SnapshotError, match="nothing was migrated; delete it and deploy"):
        migrate(url, taker([]))
    rds.delete_db_cluster_snapshot(DBClusterSnapshotIdentifier=name)
    rds.delete_db_cluster(DBClusterIdentifier=CLUSTER, SkipFinalSnapshot=True)
    with pytest.raises(rds.exceptions.DBClusterNotFoundFault):
        migrate(url, taker([]))
    with sqlite3.connect(file) as database:
        assert database.execute("select version_num from alembic_version").fetchone() == (before,)


def previous_revision() -> str:
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory.from_config(utils._get_alembic_config(""))
    head = scripts.get_revision("head")
    assert head is not None
    assert isinstance(head.down_revision, str)
    return head.down_revision
