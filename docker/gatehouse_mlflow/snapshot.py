"""A snapshot of the Aurora cluster, before its tables change for good."""

import re
import time
from collections.abc import Callable, Mapping
from typing import Any

_POLL_SECONDS = 10.0
_WAIT_SECONDS = 60 * 60


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
    return re.sub(r"[^a-z0-9]+", "-", f"{cluster}-before-{name}".lower()).strip("-")[:255]


def _take(client: Any, cluster: str, name: str, log: Callable[..., None], poll_seconds: float) -> None:
    try:
        client.create_db_cluster_snapshot(DBClusterIdentifier=cluster, DBClusterSnapshotIdentifier=name)
        log("snapshot", name=name, state="started")
    except client.exceptions.DBClusterSnapshotAlreadyExistsFault:
        log("snapshot", name=name, state="already there")
    until = time.monotonic() + _WAIT_SECONDS
    while True:
        (found,) = client.describe_db_cluster_snapshots(DBClusterSnapshotIdentifier=name)["DBClusterSnapshots"]
        if found["Status"] == "available":
            log("snapshot", name=name, state="available")
            return
        if found["Status"] == "failed" or time.monotonic() > until:
            raise SnapshotError(f"the snapshot {name} is {found['Status']}: nothing was migrated; delete it and deploy")
        time.sleep(poll_seconds)
