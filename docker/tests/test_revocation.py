"""Real MLflow that follows the access table: who is shut out, what is taken, and what becomes of his roles."""

import hashlib
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from conftest import SETTING, arn, sign
from server import PLATFORM, READER, SCIENTIST, Server, running

SEARCH = "/api/2.0/mlflow/experiments/search?max_results=1"
PIPELINE = "gatehouse-vision-pipeline"


@dataclass
class Table:
    """DynamoDB with one item."""

    item: dict[str, Any] = field(default_factory=dict)
    version: int = 0
    broken: bool = False

    def put(self, **document: Any) -> None:
        self.version += 1
        text = json.dumps({"version": 1, **document})
        self.item = {
            "id": {"S": "access"},
            "version": {"N": str(self.version)},
            "digest": {"S": hashlib.sha256(text.encode()).hexdigest()},
            "document": {"S": text},
        }


@contextmanager
def serving(table: Table) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.headers["X-Amz-Target"] == "DynamoDB_20120810.GetItem"
            assert asked == {"TableName": "access-table", "Key": {"id": {"S": "access"}}, "ConsistentRead": True}
            body = json.dumps({"Item": table.item} if table.item else {}).encode()
            self.send_response(500 if table.broken else 200)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture(scope="module")
def table() -> Table:
    return Table()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, table: Table) -> Iterator[Server]:
    pipeline = {"persona": "scientist", "workspaces": ["vision"], "service": True}
    setting = {**SETTING, "roles": {**SETTING["roles"], PIPELINE: pipeline}}
    with (
        serving(table) as address,
        running(
            Path(tmp_path_factory.mktemp("revocation")),
            GATEHOUSE_ACCESS=json.dumps(setting),
            GATEHOUSE_ACCESS_TABLE="access-table",
            GATEHOUSE_ACCESS_CACHE_SECONDS="1",
            GATEHOUSE_ACCESS_STALE_SECONDS="4",
            AWS_ENDPOINT_URL_DYNAMODB=address,
            AWS_REGION="eu-west-1",
            AWS_ACCESS_KEY_ID="test",
            AWS_SECRET_ACCESS_KEY="test",
        ) as started,
    ):
        yield started


def search(server: Server, caller: str = "", assertion: str = "") -> Any:
    return server.call("GET", SEARCH, caller, assertion=assertion)


def until(what: Callable[[], bool], seconds: float = 8) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, f"not within {seconds} s"
        time.sleep(0.1)


def held(server: Server, person: str) -> set[tuple[str, str]]:
    """The declared roles; what MLflow gives a creator on his own things is another's matter."""
    query = (
        "select r.workspace, r.name from roles r join user_role_assignments a on a.role_id = r.id "
        "join users u on u.id = a.user_id where u.username = ? and r.name like 'gatehouse-%'"
    )
    with sqlite3.connect(server.data / "mlflow.db") as database:
        return set(database.execute(query, (person,)))


def test_a_revoked_person_is_out_at_both_doors_and_loses_his_roles(server: Server, table: Table) -> None:
    assert search(server, READER).status == 200
    assert ("vision", "gatehouse-reader") in held(server, "rita")
    table.put(revoked={"rita": "2026-01-31T12:00:00Z"})
    until(lambda: search(server, READER).status == 403)
    assert "has been shut out" in search(server, READER).body["message"]
    assert search(server, assertion=sign(sub="rita")).status == 403
    until(lambda: not held(server, "rita"))
    assert search(server, SCIENTIST).status == 200
    table.put()
    until(lambda: search(server, READER).status == 200)
    assert ("vision", "gatehouse-reader") in held(server, "rita")


def test_an_admin_user_loses_his_power(server: Server, table: Table) -> None:
    assert search(server, PLATFORM).status == 200
    admin = "select is_admin from users where username = 'pat#platform-admin'"
    with sqlite3.connect(server.data / "mlflow.db") as database:
        assert database.execute(admin).fetchone()[0]
    table.put(revoked={"pat": "2026-01-31T12:00:00Z"})
    until(lambda: search(server, PLATFORM).status == 403)

    def powerless() -> bool:
        with sqlite3.connect(server.data / "mlflow.db") as database:
            return not database.execute(admin).fetchone()[0]

    until(powerless)
    table.put()
    until(lambda: search(server, PLATFORM).status == 200)


def test_what_the_directory_no_longer_gives_is_taken(server: Server) -> None:
    """Of a session at the browser door; what a role of the code door gives, only that door knows."""
    both = sign(sub="dora", personas=["reader", "admin"], groups=["team-speech"])
    assert search(server, assertion=both).status == 200
    assert held(server, "dora") == {(w, f"gatehouse-{p}") for w in ("speech", "shared") for p in ("reader", "admin")}
    assert search(server, assertion=sign(sub="dora", personas=["reader"], groups=[])).status == 200
    # A reader of `shared` may come by the code door too, so that one would stay in any case.
    assert held(server, "dora") == {("shared", "gatehouse-reader")}


def test_a_service_is_its_role_whoever_names_the_session(server: Server, table: Table) -> None:
    for session in ("build-17", "ADA", "rita"):
        created = server.call(
            "POST", "/api/2.0/mlflow/experiments/create", arn(PIPELINE, session), body={"name": f"by {session}"}
        )
        assert created.status == 200, created
    run = server.call(
        "POST",
        "/api/2.0/mlflow/runs/create",
        arn(PIPELINE, "build-18"),
        body={"experiment_id": created.body["experiment_id"], "user_id": "rita"},
    )
    assert run.body["run"]["info"]["user_id"] == f"svc:{PIPELINE}"
    assert held(server, f"svc:{PIPELINE}") == {("vision", "gatehouse-scientist")}


def test_a_lost_table_counts_for_a_while_and_then_nobody_is_let_in(server: Server, table: Table) -> None:
    table.broken = True
    assert search(server, SCIENTIST).status == 200
    until(lambda: search(server, SCIENTIST).status == 503, 12)
    table.broken = False
    until(lambda: search(server, SCIENTIST).status == 200)
