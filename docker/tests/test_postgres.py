"""The image's database login against a real PostgreSQL: no password in the environment, rotation without a restart."""

from pathlib import Path

import pytest
from postgres import ARN, USER, Secret, database, installed, secrets_manager
from server import READER, SCIENTIST, running

PROGRAMS = installed()
SEARCH = "/api/2.0/mlflow/experiments/search?max_results=10"


@pytest.mark.skipif(PROGRAMS is None, reason="PostgreSQL is not installed on this machine")
def test_rotation_of_the_password_while_serving(tmp_path: Path) -> None:
    assert PROGRAMS is not None
    secret = Secret("first-password")
    with database(PROGRAMS, secret.password) as postgres, secrets_manager(secret) as address:
        settings = {
            "GATEHOUSE_DATABASE": f"postgresql+psycopg://127.0.0.1:{postgres.port}/mlflow",
            "GATEHOUSE_DATABASE_SECRET_ARN": ARN,
            "GATEHOUSE_WORKERS": "2",
            "AWS_ENDPOINT_URL_SECRETS_MANAGER": address,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        with running(tmp_path, **settings) as server:
            created = server.call("POST", "/api/2.0/mlflow/experiments/create", SCIENTIST, body={"name": "kept"})
            assert created.status == 200, created
            # Once in each process: the one that prepares the database, and the workers.
            assert secret.asked <= 3

            postgres.run(secret.password, f"alter user {USER} password 'second-password'")
            secret.password = "second-password"
            others = "select pg_terminate_backend(pid) from pg_stat_activity where datname = 'mlflow'"
            postgres.run(secret.password, others)
            for _ in range(4):
                found = server.call("GET", SEARCH, READER)
                assert [item["name"] for item in found.body["experiments"]] == ["kept"]
            log = (tmp_path / "server.log").read_text()
            assert "first-password" not in log
            assert "second-password" not in log
