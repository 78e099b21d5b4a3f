"""What a container does to the database before or instead of serving."""

import os
from typing import Any
from urllib.parse import urlsplit

from gatehouse_mlflow import database
from gatehouse_mlflow.environment import ServerPlan
from gatehouse_mlflow.log import log_line


def migrate_database(plan: ServerPlan) -> None:
    """The container `migrate`: MLflow's user where tokens log in, then the tables."""
    arn = os.environ.get("GATEHOUSE_DATABASE_SECRET_ARN", "")
    if database.by_iam(os.environ) and arn:
        from gatehouse_mlflow.grants import grant

        grant(plan.database, arn)
    database.install(os.environ)
    _migrate(plan)


def tables(plan: ServerPlan) -> None:
    """
    Before serving: the tables, on a machine without a container `migrate` (the local run). `GATEHOUSE_MIGRATE=false`
    says that there is one; then a task that finds work left ends instead of doing it beside others.
    """
    if os.environ.get("GATEHOUSE_MIGRATE") != "false":
        _migrate(plan)
        return
    from gatehouse_mlflow.migrate import MigrationError, pending

    left = pending(plan.database)
    if left:
        raise MigrationError(
            f"the {left[0].schema} tables are at {left[0].found}, and this MLflow needs {left[0].head}: the container "
            "`migrate` of the task brings them there; look at its log"
        )


def collect_garbage(plan: ServerPlan) -> None:
    """Removes for good what was deleted more than `GATEHOUSE_GC_DAYS` days ago, in every workspace, with its
    artifacts."""
    days = int(os.environ.get("GATEHOUSE_GC_DAYS") or "30")
    database.install(os.environ)
    from mlflow.cli import cli

    _artifacts_without_server(plan.artifacts)
    arguments = ["gc", f"--older-than={days}d", "--all-workspaces", f"--tracking-uri={plan.database}"]
    cli.main(args=arguments, prog_name="mlflow", standalone_mode=False)
    log_line("collected", olderThanDays=days)


def _artifacts_without_server(destination: str) -> None:
    """MLflow would ask its server to delete artifacts, through the gateway's rules; here they are where the server
    keeps them."""
    from mlflow.store.artifact import artifact_repository_registry as registry

    def direct(artifact_uri: str, *_args: Any, **_options: Any) -> Any:
        parts = urlsplit(artifact_uri)
        if parts.netloc or ".." in parts.path.split("/"):
            raise ValueError(f"{artifact_uri} is no artifact of this registry")
        return registry.get_artifact_repository(destination.rstrip("/") + parts.path)

    registry._artifact_repository_registry.register("mlflow-artifacts", direct)


def _migrate(plan: ServerPlan) -> None:
    from gatehouse_mlflow.migrate import migrate
    from gatehouse_mlflow.snapshot import snapshots

    for done in migrate(plan.database, snapshots(os.environ, log_line)):
        if done.pending:
            log_line("migrated", tables=done.schema, before=done.found, now=done.head)
    from gatehouse_mlflow.rekey import rekey

    anew = rekey(plan.database, plan.keys)
    if anew.api_keys or anew.webhooks:
        log_line("encrypted anew", generation=plan.keys.generation, apiKeys=anew.api_keys, webhooks=anew.webhooks)
