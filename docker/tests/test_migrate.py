"""`gatehouse-mlflow migrate` against a real PostgreSQL: once, alone, by tokens of IAM, never back."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from directory import Tokens, directory, hba
from postgres import ARN, USER, Database, Secret, database, installed, secrets_manager
from server import READER, SCIENTIST, environment, running

PROGRAMS = installed()
KEY = ("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
AWS = {"AWS_ACCESS_KEY_ID": KEY[0], "AWS_SECRET_ACCESS_KEY": KEY[1], "AWS_REGION": "eu-west-1"}
SEARCH = "/api/2.0/mlflow/experiments/search?max_results=10"
PASSWORD = "administrators-password"
COMMAND = str(Path(sys.executable).with_name("gatehouse-mlflow"))
needs_postgres = pytest.mark.skipif(PROGRAMS is None, reason="PostgreSQL is not installed on this machine")


def start(data: Path, command: str, **changes: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [COMMAND, *command.split()],
        env=environment(data, 5000, **changes),
        cwd=data,
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    )


def run(data: Path, command: str, **changes: str) -> tuple[int, str]:
    process = start(data, command, **changes)
    _, errors = process.communicate(timeout=180)
    return process.returncode, errors


def events(log: str, kind: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in log.splitlines() if line.startswith('{"gatehouse"')]
    return [line for line in lines if line["gatehouse"] == kind]


@contextmanager
def postgres() -> Iterator[Database]:
    assert PROGRAMS is not None
    with database(PROGRAMS, PASSWORD) as started:
        yield started


def url(started: Database, login: str) -> str:
    return f"postgresql+psycopg://{login}@127.0.0.1:{started.port}/mlflow"


@needs_postgres
def test_two_tasks_at_once_migrate_once_and_a_newer_database_is_refused(tmp_path: Path) -> None:
    with postgres() as started:
        settings = {"GATEHOUSE_DATABASE": url(started, f"{USER}:{PASSWORD}")}
        both = [start(tmp_path, "migrate", **settings) for _ in range(2)]
        logs = [process.communicate(timeout=180)[1] for process in both]
        assert [process.returncode for process in both] == [0, 0], logs
        migrated = [event for log in logs for event in events(log, "migrated")]
        assert sorted(str(event["tables"]) for event in migrated) == ["auth", "tracking"]
        assert {event["before"] for event in migrated} == {None}

        code, log = run(tmp_path, "migrate", **settings)
        assert (code, events(log, "migrated")) == (0, [])

        with psycopg.connect(settings["GATEHOUSE_DATABASE"].replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("update alembic_version set version_num = 'fedcba987654'")
        code, log = run(tmp_path, "migrate", **settings)
        assert code == 1
        assert "revision fedcba987654, which this MLflow doesn't know" in log
        assert PASSWORD not in log


@needs_postgres
def test_tokens_of_iam_log_in_and_the_administrator_keeps_his_password(tmp_path: Path) -> None:
    secret = Secret(PASSWORD)
    tokens = Tokens(KEY, "eu-west-1")
    with postgres() as started, secrets_manager(secret) as address, directory(tokens) as ldap:
        started.run(PASSWORD, "create role rds_iam nologin")
        (file,) = started.run(PASSWORD, "show hba_file")
        Path(file[0]).write_text(hba(ldap))
        started.run(PASSWORD, "select pg_reload_conf()")
        settings = {
            **AWS,
            "GATEHOUSE_DATABASE": url(started, "gatehouse_mlflow"),
            "GATEHOUSE_DATABASE_IAM": "true",
        }
        as_administrator = {"GATEHOUSE_DATABASE_SECRET_ARN": ARN, "AWS_ENDPOINT_URL_SECRETS_MANAGER": address}

        # A registry that worked with the password until now.
        by_password = {"GATEHOUSE_DATABASE": url(started, f"{USER}:{PASSWORD}")}
        code, log = run(tmp_path, "migrate", **by_password)
        assert code == 0, log

        for _ in range(2):
            code, log = run(tmp_path, "migrate", **settings, **as_administrator)
            assert code == 0, log
        owners = "select distinct tableowner from pg_tables where schemaname = 'public'"
        with psycopg.connect(url(started, f"{USER}:{PASSWORD}").replace("+psycopg", "")) as connection:
            assert connection.execute(owners).fetchall() == [("gatehouse_owner",)]

        with running(tmp_path, **settings, GATEHOUSE_MIGRATE="false", GATEHOUSE_WORKERS="2") as server:
            created = server.call("POST", "/api/2.0/mlflow/experiments/create", SCIENTIST, body={"name": "kept"})
            assert created.status == 200, created
            found = server.call("GET", SEARCH, READER)
            assert [item["name"] for item in found.body["experiments"]] == ["kept"]
        assert {user for user, _ in tokens.seen} == {"gatehouse_mlflow"}
        assert all(len(token) > 300 for _, token in tokens.seen)
        log = (tmp_path / "server.log").read_text()
        assert "X-Amz-Signature" not in log

        # A password is no way in for that user.
        with pytest.raises(psycopg.OperationalError, match="LDAP authentication failed"):
            psycopg.connect(url(started, f"gatehouse_mlflow:{PASSWORD}").replace("+psycopg", ""))


@needs_postgres
def test_a_task_that_has_to_find_the_tables_ready_ends_where_they_are_not(tmp_path: Path) -> None:
    with postgres() as started:
        code, log = run(tmp_path, "migrate", GATEHOUSE_DATABASE=url(started, f"{USER}:{PASSWORD}"))
        assert code == 0, log
        with psycopg.connect(url(started, f"{USER}:{PASSWORD}").replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute("delete from alembic_version_auth")
        serve = subprocess.run(
            [COMMAND],
            env=environment(
                tmp_path, 5000, GATEHOUSE_DATABASE=url(started, f"{USER}:{PASSWORD}"), GATEHOUSE_MIGRATE="false"
            ),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert serve.returncode == 1
        assert "the auth tables are at None" in serve.stderr


def test_an_unknown_command_says_what_there_is(tmp_path: Path) -> None:
    code, log = run(tmp_path, "upgrade")
    assert code == 1
    assert "`migrate` or `gc`" in log
