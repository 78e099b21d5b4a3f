"""`gatehouse-mlflow`: checks the environment, prepares the database once, then becomes `mlflow server`."""

import atexit
import os
import shutil
import sys
import tempfile
from pathlib import Path

from gatehouse_mlflow.catalogue import read_catalogue
from gatehouse_mlflow.environment import auth_configuration, plan_server
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
    from gatehouse_mlflow.bootstrap import bootstrap

    try:
        bootstrap(plan)
    except Exception as error:
        # The database's driver may quote its address, never a password; its own message is the useful one.
        sys.exit(f"gatehouse-mlflow can't prepare the database: {type(error).__name__}: {error}")
    log_line("prepared", workspaces=list(plan.access.workspaces), personas=list(plan.access.personas))
    from mlflow.cli import cli

    cli.main(args=list(plan.arguments), prog_name="mlflow")


def _write_privately(text: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix="gatehouse-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    file = folder / "auth.ini"
    file.touch(mode=0o600)
    file.write_text(text)
    return file


if __name__ == "__main__":
    main()
