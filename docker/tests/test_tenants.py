"""Two teams on one registry: what one wrote, the other neither sees nor changes, by any route of the catalogue."""

import copy
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from conftest import SETTING
from postgres import USER, database, installed
from server import PLATFORM, READER, SPEECH, Server, running
from tenants import CONTENT, NAME, OWNER, STRANGER, Ids, calls, graphql, plant

from gatehouse_mlflow.catalogue import read_catalogue

PROGRAMS = installed()
METRIC = "0.123456789"
NO_POSTGRES = pytest.mark.skipif(PROGRAMS is None, reason="PostgreSQL is not installed on this machine")


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=NO_POSTGRES)])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    setting: dict[str, Any] = copy.deepcopy(SETTING)
    setting["personas"]["reader"]["permissions"] = sorted(
        {str(route.needs) for route in read_catalogue().routes if str(route.needs).endswith(":read")}
    )
    setting["roles"]["gatehouse-speech-admin"] = {"persona": "admin", "workspaces": ["speech"]}
    with ExitStack() as stack:
        changes = {"GATEHOUSE_ACCESS": json.dumps(setting), "MLFLOW_ENABLE_AI_GATEWAY": "true"}
        if request.param == "postgresql":
            assert PROGRAMS is not None
            port = stack.enter_context(database(PROGRAMS, "pass-word")).port
            changes["GATEHOUSE_DATABASE"] = f"postgresql+psycopg://{USER}:pass-word@127.0.0.1:{port}/mlflow"
        yield stack.enter_context(running(Path(tmp_path_factory.mktemp("tenants")), **changes))


@pytest.fixture(scope="module")
def ids(server: Server) -> Ids:
    return plant(server)


def secret(text: str, ids: Ids, status: int) -> bool:
    """Whether an answer gives something away. A refusal may repeat the names that it was asked for."""
    if CONTENT in text:
        return True
    named = ("run_id", "model_id", "trace_id", "dataset_id", "queue_id", "schema_id", "endpoint_id", "secret_id")
    words = [NAME, *(ids[key] for key in named)]
    return status < 300 and any(word in text for word in words)


def test_the_owner_finds_each_of_his_things(server: Server, ids: Ids) -> None:
    """Without this, the sweep below could ask wrongly and find nothing for that reason."""
    shown = set()
    for call in calls(ids, reads=True):
        answer = call.by(server, OWNER)
        if answer.status == 200 and secret(str(answer.body), ids, 200):
            shown.add(call.route.needs)
    found = [str(server.call("POST", "/graphql", OWNER, body=query).body) for query in graphql(ids)]
    assert [body for body in found if not any(word in body for word in (CONTENT, NAME, METRIC))] == []
    assert {
        "artifact:read",
        "assessment:read",
        "dataset:read",
        "experiment:read",
        "gateway:read",
        "issue:read",
        "label_schema:read",
        "logged_model:read",
        "mcp_server:read",
        "model_version:read",
        "registered_model:read",
        "review_queue:read",
        "run:read",
        "trace:read",
    } <= shown


def test_lists_of_models_come_from_mlflow_itself(server: Server) -> None:
    """MLflow would ask the internet for newer ones, provider by provider, and the server has no way there."""
    began = time.monotonic()
    for query in ("", "?provider=openai", "?provider=bedrock"):
        answer = server.call("GET", f"/ajax-api/3.0/mlflow/gateway/supported-models{query}", OWNER)
        assert answer.status == 200, answer
        assert len(answer.body["models"]) > 10
    assert time.monotonic() - began < 15


def test_an_admin_of_one_tenant_hears_of_nobody_elsewhere(server: Server, ids: Ids) -> None:
    def names(caller: str) -> set[str]:
        return {user["username"] for user in server.call("GET", "/api/2.0/mlflow/users/list", caller).body["users"]}

    assert server.call("GET", "/version", SPEECH).status == 200
    assert names(STRANGER) == {"silvia", "sue"}
    assert "adam" in names(OWNER)
    assert not names(OWNER) & {"silvia", "sue", "gatehouse#bootstrap"}
    assert {"adam", "silvia"} <= names(PLATFORM)


@pytest.mark.parametrize(
    "body", [b"[]", b'[{"query": "{mlflowGetRun"}]', b"{", b'{"query": 1}', b'{"query": "{"}', b"", b'{"query": null}']
)
def test_what_is_no_graphql_is_refused(server: Server, body: bytes) -> None:
    kind = (("Content-Type", "application/json"),)
    assert server.call("POST", "/graphql", OWNER, body=body, headers=kind).status == 400


def test_nobody_else_sees_any_of_it(server: Server, ids: Ids) -> None:
    leaks, asked = [], 0
    for call in calls(ids, reads=True):
        answer = call.by(server, STRANGER)
        asked += 1
        assert answer.status != 500, (call, answer)
        if secret(str(answer.body), ids, answer.status):
            leaks.append((call.route.method, call.path, answer.status, str(answer.body)[:300]))
        assert call.by(server, STRANGER, ("X-MLFLOW-WORKSPACE", "vision")).status == 403, call
    for query in graphql(ids):
        body = str(server.call("POST", "/graphql", STRANGER, body=query).body)
        if secret(body, ids, 200) or METRIC in body:
            leaks.append(("POST", "/graphql", 200, body[:300]))
    assert leaks == []
    assert asked > 250


def test_a_reader_of_the_team_changes_nothing(server: Server, ids: Ids) -> None:
    passed = [call for call in calls(ids, reads=False) if call.by(server, READER).status < 400]
    assert passed == []


def test_a_body_nested_too_deeply_is_no_fault_of_the_server(server: Server) -> None:
    kind = (("Content-Type", "application/json"),)
    for path in ("/api/2.0/mlflow/runs/search", "/api/3.0/mlflow/traces", "/graphql"):
        body = b'{"query":' + b"[" * 50_000 + b"]" * 50_000 + b"}"
        assert server.call("POST", path, OWNER, body=body, headers=kind).status == 400, path


def test_nobody_else_changes_any_of_it(server: Server, ids: Ids) -> None:
    def everything() -> dict[str, Any]:
        reads = [call for call in calls(ids, reads=True) if "/users/" not in call.path and "/roles/" not in call.path]
        return {f"{call.route.method} {call.path}": call.by(server, OWNER) for call in reads}

    before = everything()
    for call in calls(ids, reads=False):
        assert call.by(server, STRANGER, ("X-MLFLOW-WORKSPACE", "vision")).status == 403, call
        call.by(server, STRANGER)
    after = everything()
    assert [key for key in before if before[key].body != after[key].body] == []
