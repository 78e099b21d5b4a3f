"""A snapshot of the Aurora cluster, before its tables change for good."""

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

_POLL_SECONDS = 10.0
_WAIT_SECONDS = 60 * 60
_SAME_ATTEMPT = timedelta(days=1)


class SnapshotError(Exception):
    """No snapshot was made, so nothing was migrated."""


def snapshots(
    environ: Mapping[str, str], log: Callable[..., None], poll_seconds: float = _POLL_SECONDS
) -> Callable[[str], None] | None:
    """What takes a snapshot under a name and waits until it is there; None where the database is no cluster of RDS."""
    cluster = environ.get("GATEHOUSE_DATABASE_CLUSTER")
    if not cluster:
        return None
    import boto3

    client = boto3.client("rds", region_name=environ["AWS_REGION"])
    return lambda name: _take(client, cluster, identifier(cluster, name), log, poll_seconds)


def identifier(cluster: str, name: str) -> str:
    """Letters, digits and single hyphens, as RDS wants it. A second attempt at the same upgrade has the same name and
    takes no second snapshot."""
    return re.sub(r"[^a-z0-9]+", "-", f"{cluster}-before-{name}".lower()).strip("-")[:250]


def _take(client: Any, cluster: str, name: str, log: Callable[..., None], poll_seconds: float) -> None:
    name = _start(client, cluster, name, log)
    until = time.monotonic() + _WAIT_SECONDS
    while (status := _find(client, name)["Status"]) != "available":
        if status == "failed" or time.monotonic() > until:
            raise SnapshotError(f"the snapshot {name} is {status}: nothing was migrated; delete it and deploy")
        time.sleep(poll_seconds)
    log("snapshot", name=name, state="available")


def _start(client: Any, cluster: str, name: str, log: Callable[..., None]) -> str:
    """The name of the snapshot that was asked for, now or by an attempt of today. An older one of that name is from
    before a way back: what was written since is not in it."""
    for number in count(1):
        numbered = name if number == 1 else f"{name}-{number}"
        try:
            client.create_db_cluster_snapshot(DBClusterIdentifier=cluster, DBClusterSnapshotIdentifier=numbered)
        except client.exceptions.DBClusterSnapshotAlreadyExistsFault:
            made = _find(client, numbered).get("SnapshotCreateTime")
            if made is not None and datetime.now(UTC) - made > _SAME_ATTEMPT:
                continue
            log("snapshot", name=numbered, state="already there")
        else:
            log("snapshot", name=numbered, state="started")
        return numbered
    raise AssertionError


def _find(client: Any, name: str) -> dict[str, Any]:
    (found,) = client.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=name)["DBClusterSnapshots"]
    return found
