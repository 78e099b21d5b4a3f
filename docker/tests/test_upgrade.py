"""An upgrade from the MLflow before: what was there is there, and who could do what still can.

The older MLflow comes from PyPI into a folder that is kept; without a network the test says so and is left out.
"""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from server import READER, running
from test_migrate import events, run

OLDER = "3.16.1"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gatehouse" / f"mlflow-{OLDER}"
# As a registry of that version would have written them, with workspaces and MLflow's own users.
WRITE = """
import sys, mlflow
mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_workspace("default")
client = mlflow.MlflowClient()
run = client.create_run(client.create_experiment("before-upgrade"))
client.log_param(run.info.run_id, "depth", "3")
client.log_metric(run.info.run_id, "loss", 0.5)
client.create_registered_model("model-before")
from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore
store = SqlAlchemyStore()
store.init_db(sys.argv[1])
store.create_user("sam", "a-password-of-then")
"""


def older() -> Path:
    """Python with the older MLflow."""
    python = CACHE / "bin" / "python"
    if not (CACHE / "complete").exists():
        uv = Path(sys.executable).with_name("uv")
        try:
            subprocess.run([uv, "venv", "-q", "--clear", "--python", sys.executable, CACHE], check=True)
            packages = [f"mlflow=={OLDER}", "Flask-WTF", "psycopg[binary]"]
            subprocess.run([uv, "pip", "install", "-q", "--python", python, *packages], check=True)
        except (OSError, subprocess.CalledProcessError) as error:
            pytest.skip(f"MLflow {OLDER} can't be installed here: {error}")
        (CACHE / "complete").touch()
    return python


def test_what_the_mlflow_before_wrote_is_there_after_the_upgrade(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    configuration = tmp_path / "older.ini"
    configuration.write_text(
        f"[mlflow]\ndefault_permission = READ\ndatabase_uri = sqlite:///{file}\n"
        "admin_username = admin\nadmin_password = a-password-of-then\n"
    )
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "MLFLOW_AUTH_CONFIG_PATH": str(configuration),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ENABLE_WORKSPACES": "true",
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "f" * 40,
    }
    subprocess.run([older(), "-c", WRITE, f"sqlite:///{file}"], env=environ, cwd=tmp_path, check=True)
    before = revision(file)

    code, log = run(tmp_path, "", GATEHOUSE_MIGRATE="false")
    assert code == 1
    assert f"the tracking tables are at {before}, and this MLflow needs" in log
    assert revision(file) == before

    code, log = run(tmp_path, "migrate")
    assert code == 0, log
    (migrated,) = [event for event in events(log, "migrated") if event["tables"] == "tracking"]
    assert (migrated["before"], migrated["now"]) == (before, revision(file))
    assert before != revision(file)

    with sqlite3.connect(file) as kept:
        assert kept.execute("select key, value from params").fetchall() == [("depth", "3")]
        assert kept.execute("select name from registered_models").fetchall() == [("model-before",)]
        assert ("sam",) in kept.execute("select username from users").fetchall()
    with running(tmp_path, GATEHOUSE_MIGRATE="false") as server:
        # In MLflow's default workspace, which is no reader's of this test's tenants.
        found = server.call("GET", "/api/2.0/mlflow/experiments/search?max_results=10", READER)
        assert (found.status, found.body.get("experiments", [])) == (200, [])


def revision(file: Path) -> str:
    """What MLflow's tables are at."""
    with sqlite3.connect(file) as database:
        return str(database.execute("select version_num from alembic_version").fetchone()[0])
