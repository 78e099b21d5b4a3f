"""`gatehouse-mlflow`: checks the environment, prepares the database once, then becomes `mlflow server`.

`gatehouse-mlflow migrate` brings the database's tables to what this MLflow needs, and ends. `gatehouse-mlflow gc`
removes for good what has been deleted for a while, and ends.
"""

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from gatehouse_mlflow import metrics, prepare
from gatehouse_mlflow.catalogue import read_catalogue
from gatehouse_mlflow.environment import ServerPlan, auth_configuration, plan_server
from gatehouse_mlflow.log import log_line
from gatehouse_mlflow.settings import SettingsError


def main() -> None:
    """
    Runs MLflow's own command in this process instead of executing it: its imports, the costly part of a start,
    are shared with the bootstrap, and SIGTERM reaches MLflow's handler, which ends the workers.
    """
    try:
        plan = plan_server(os.environ)
        read_catalogue()
    except (SettingsError, OSError, ValueError, KeyError) as error:
        sys.exit(f"gatehouse-mlflow can't start: {error}")
    os.environ.clear()
    os.environ.update(plan.environ)
    os.environ["MLFLOW_AUTH_CONFIG_PATH"] = str(_write_privately(auth_configuration(plan.database)))
    command = sys.argv[1:]
    if command == ["migrate"]:
        _once("migrate the database", lambda: prepare.migrate_database(plan))
    elif command == ["gc"]:
        _once("remove what was deleted", lambda: prepare.collect_garbage(plan))
    elif command:
        sys.exit(f"gatehouse-mlflow knows no `{' '.join(command)}`: nothing (serve), `migrate` or `gc`")
    else:
        _serve(plan)


def _serve(plan: ServerPlan) -> NoReturn:
    from gatehouse_mlflow.bootstrap import bootstrap

    _once("prepare the database", lambda: bootstrap(plan))
    log_line("prepared", workspaces=list(plan.access.workspaces), personas=list(plan.access.personas))
    if os.environ.get(metrics.PORT):
        os.environ[metrics.FOLDER] = _folder()
    from mlflow.cli import cli

    cli.main(args=list(plan.arguments), prog_name="mlflow")
    sys.exit()


def _once(what: str, act: Callable[[], None]) -> None:
    try:
        act()
    except Exception as error:
        # The database's driver may quote its address, never a password; its own message is the useful one.
        sys.exit(f"gatehouse-mlflow can't {what}: {type(error).__name__}: {error}")


def _folder() -> str:
    folder = tempfile.mkdtemp(prefix="gatehouse-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _write_privately(text: str) -> Path:
    file = Path(_folder()) / "auth.ini"
    file.touch(mode=0o600)
    file.write_text(text)
    return file


if __name__ == "__main__":
    main()
