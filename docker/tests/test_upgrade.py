"""An upgrade from the MLflow before: what was there is there, and who could do what still can.

The older MLflow comes from PyPI into a folder that is kept; without a network the test says so and is left out.
"""

import os
import sqlite3
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from postgres import USER, Database, database, installed
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


# What that version itself says of the tables, and reads from them.
READ = """
import sys, mlflow
from mlflow.store.db.utils import create_sqlalchemy_engine, _verify_schema
_verify_schema(create_sqlalchemy_engine(sys.argv[1]))
mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_workspace("default")
(run,) = mlflow.search_runs(experiment_names=["before-upgrade"], output_format="list")
print(run.data.params["depth"], run.data.metrics["loss"], [m.name for m in mlflow.search_registered_models()])
"""
KEPT = "3 0.5 ['model-before']"


def by_older(folder: Path, script: str, url: str) -> "subprocess.CompletedProcess[str]":
    """Runs a script in the older MLflow, as its server would have been set up."""
    configuration = folder / "older.ini"
    configuration.write_text(
        f"[mlflow]\ndefault_permission = READ\ndatabase_uri = {url}\n"
        "admin_username = admin\nadmin_password = a-password-of-then\n"
    )
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "MLFLOW_AUTH_CONFIG_PATH": str(configuration),
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_ENABLE_WORKSPACES": "true",
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "f" * 40,
    }
    command = [older(), "-c", script, url]
    return subprocess.run(command, env=environ, cwd=folder, capture_output=True, text=True, check=False)


def test_what_the_mlflow_before_wrote_is_there_after_the_upgrade(tmp_path: Path) -> None:
    file = tmp_path / "mlflow.db"
    written = by_older(tmp_path, WRITE, f"sqlite:///{file}")
    assert written.returncode == 0, written.stderr
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


@pytest.mark.skipif(installed() is None, reason="PostgreSQL is not installed on this machine")
def test_up_and_back_on_postgresql(tmp_path: Path) -> None:
    """As `docs/operations.md` says: the snapshot, the migration, and back by putting the snapshot in its place."""
    programs = installed()
    assert programs is not None
    password = "pass-word"
    with database(programs, password) as started:
        url = f"postgresql+psycopg://{USER}:{password}@127.0.0.1:{started.port}/mlflow"
        settings = {"GATEHOUSE_DATABASE": url}
        written = by_older(tmp_path, WRITE, url)
        assert written.returncode == 0, written.stderr
        before = state(started, password)
        # RDS copies the whole cluster; here, a copy of the database.
        started.run(password, "create database snapshot template mlflow")

        code, log = run(tmp_path, "migrate", **settings)
        assert code == 0, log
        after = state(started, password)
        assert after.revision != before.revision
        assert after.rows == before.rows

        # The older image can't serve what the newer one made of it, and says so.
        refused = by_older(tmp_path, READ, url)
        assert refused.returncode != 0
        assert "out-of-date database schema" in refused.stderr

        started.run(password, "alter database mlflow rename to upgraded")
        started.run(password, "alter database snapshot rename to mlflow")
        assert state(started, password) == before
        assert by_older(tmp_path, READ, url).stdout.strip() == KEPT
        # And a second try of the upgrade, later, does what the first did.
        code, log = run(tmp_path, "migrate", **settings)
        assert code == 0, log
        assert state(started, password) == after


@dataclass(frozen=True)
class State:
    """What MLflow's tables are at, and what is in some of them."""

    revision: str
    rows: tuple[object, ...]


def state(started: Database, password: str) -> State:
    where = {"host": "127.0.0.1", "port": started.port, "user": USER, "dbname": "mlflow", "password": password}
    with psycopg.connect(**where) as connection:

        def rows(statement: str) -> object:
            return connection.execute(statement).fetchall()

        (found,) = connection.execute("select version_num from alembic_version").fetchall()
        kept = (
            rows("select key, value from params"),
            rows("select key, value from metrics"),
            rows("select name, workspace from registered_models"),
            rows("select name, workspace from experiments order by name"),
            rows("select username from users order by username"),
        )
        return State(found[0], kept)


def revision(file: Path) -> str:
    """What MLflow's tables are at."""
    with sqlite3.connect(file) as database:
        return str(database.execute("select version_num from alembic_version").fetchone()[0])
