"""Real MLflow behind the gate, started as in the container: what the gateway's headers can and can't do."""

import sqlite3
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import KEY, PROOF, arn, sign
from server import ADMIN, ORIGIN, PLATFORM, READER, SCIENTIST, SPEECH, Server, running

SEARCH = "/api/2.0/mlflow/experiments/search?max_results=100"
CREATE = "/api/2.0/mlflow/experiments/create"
RUN = "/api/2.0/mlflow/runs/create"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(Path(tmp_path_factory.mktemp("server"))) as started:
        yield started


@pytest.fixture(scope="module")
def experiment(server: Server) -> str:
    """An experiment of the vision team's scientist."""
    created = server.call("POST", CREATE, SCIENTIST, body={"name": "of sam"})
    assert created.status == 200, created
    return created.body["experiment_id"]


@pytest.fixture(scope="module")
def run(server: Server, experiment: str) -> str:
    created = server.call("POST", RUN, SCIENTIST, body={"experiment_id": experiment, "start_time": 1})
    assert created.status == 200, created
    return created.body["run"]["info"]["run_id"]


def users(server: Server) -> dict[str, bool]:
    with sqlite3.connect(server.data / "mlflow.db") as database:
        return {name: bool(admin) for name, admin in database.execute("select username, is_admin from users")}


def names(server: Server, caller: str, *headers: tuple[str, str]) -> set[str]:
    found = server.call("GET", SEARCH, caller, headers=headers)
    assert found.status == 200, found
    return {item["name"] for item in found.body.get("experiments", [])}


def workspace(name: str) -> tuple[str, str]:
    return ("X-MLFLOW-WORKSPACE", name)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/version"),
        ("GET", SEARCH),
        ("GET", "/ajax-api/2.0/mlflow/experiments/search"),
        ("GET", "/api/3.0/mlflow/server-info"),
        ("GET", "/static-files/index.html"),
        ("POST", "/graphql"),
        ("POST", "/v1/traces"),
        ("GET", "/api/2.0/mlflow-artifacts/artifacts"),
        ("POST", "/health"),
        ("GET", "/health/"),
        ("GET", "/nothing"),
    ],
)
def test_without_proof_nothing_but_health(server: Server, method: str, path: str) -> None:
    for proof in (None, "", "wrong", PROOF[:-1]):
        assert server.call(method, path, SCIENTIST, proof=proof).status == 401
    assert server.call("GET", "/health", proof=None).status == 200


def test_both_proofs_of_a_rotation(server: Server) -> None:
    assert server.call("GET", "/version", READER, proof=f"{PROOF}-next").body == b"3.17.2"
    assert server.call("GET", "/version", READER, proof=f"{PROOF} {PROOF}-next").status == 401


@pytest.mark.parametrize(
    "header",
    [
        ("X_Gatehouse_Caller", PLATFORM),
        ("X-Gatehouse_Caller", PLATFORM),
        ("x-gatehouse-caller", PLATFORM),
        ("X-Gatehouse-Assertion", ""),
        ("X_Gatehouse_Proof", PROOF),
        ("X-Gatehouse-Proof", PROOF),
        ("X_MLFLOW_WORKSPACE", "shared"),
    ],
)
def test_twins_and_repetitions_are_refused(server: Server, header: tuple[str, str]) -> None:
    assert server.call("GET", "/version", READER, headers=(header,)).status == 400


def test_lists_and_two_doors_are_refused(server: Server) -> None:
    assert server.call("GET", "/version", f"{READER},{PLATFORM}").status == 400
    assert server.call("GET", "/version", READER, proof=f"{PROOF},{PROOF}").status == 400
    assert server.call("GET", "/version", READER, assertion=sign()).status == 401
    assert server.call("GET", "/version").status == 401


@pytest.mark.parametrize(
    "path",
    [
        "//api/2.0/mlflow/experiments/search?max_results=1",
        "/api%2F2.0/mlflow/experiments/search?max_results=1",
        "/api/2.0/mlflow/experiments/%73earch?max_results=1",
        "/api/2.0//mlflow/experiments/search?max_results=1",
        "/api/../api/2.0/mlflow/experiments/search?max_results=1",
        "/api/2.0/mlflow%5Cexperiments/search?max_results=1",
        "//health",
        "/%68ealth",
    ],
)
def test_second_spellings_are_refused(server: Server, path: str) -> None:
    refused = server.call("GET", path, SCIENTIST)
    assert (refused.status, refused.body["error_code"]) == (400, "BAD_REQUEST")


def test_two_spellings_that_mean_one_path(server: Server, run: str) -> None:
    """Sub-delimiters may be encoded or not: both are the same artifact."""
    folder = "/api/2.0/mlflow-artifacts/artifacts/workspaces/vision"
    experiment = server.call("GET", f"/api/2.0/mlflow/runs/get?run_id={run}", SCIENTIST).body["run"]["info"]
    base = f"{folder}/{experiment['experiment_id']}/{run}/artifacts"
    assert server.call("PUT", f"{base}/a%3Ab%20c.txt", SCIENTIST, body=b"one").status == 200
    assert server.call("GET", f"{base}/a:b%20c.txt", READER).body == b"one"


def test_methods(server: Server) -> None:
    for method in ("HEAD", "OPTIONS", "TRACE"):
        assert server.call(method, "/version", READER).status in (403, 405)


def test_unknown_and_closed_routes(server: Server) -> None:
    for method, path in (
        ("GET", "/docs"),
        ("GET", "/openapi.json"),
        ("GET", "/api/2.0/mlflow/unheard-of"),
        ("POST", "/ajax-api/3.0/mlflow/assistant/message"),
        ("GET", "/signup"),
        ("GET", "/metrics"),
        ("GET", "/build/index.html"),
    ):
        for caller in (SCIENTIST, ADMIN, PLATFORM):
            assert server.call(method, path, caller).status == 403, path


def test_unknown_roles_and_accounts(server: Server) -> None:
    for caller in (
        arn("gatehouse-vision-owner", "sam"),
        arn("gatehouse-vision-scientist", "sam", account="999999999999"),
        arn("gatehouse-vision-scientist", "SAM"),
    ):
        assert server.call("GET", "/version", caller).status == 403
    assert server.call("GET", "/version", "arn:aws:iam::111122223333:user/sam").status == 401


def test_scientist_writes_and_reader_only_reads(server: Server, experiment: str, run: str) -> None:
    metric = {"run_id": run, "key": "loss", "value": 0.5, "timestamp": 1, "step": 0}
    assert server.call("POST", "/api/2.0/mlflow/runs/log-metric", SCIENTIST, body=metric).status == 200
    assert "of sam" in names(server, READER)
    found = server.call("GET", f"/api/2.0/mlflow/runs/get?run_id={run}", READER)
    assert found.body["run"]["data"]["metrics"][0]["value"] == 0.5
    # The gateway isn't in front here: these are MLflow's own answers.
    for path, body in (
        (CREATE, {"name": "of rita"}),
        (RUN, {"experiment_id": experiment}),
        ("/api/2.0/mlflow/runs/log-metric", metric),
        ("/api/2.0/mlflow/registered-models/create", {"name": "of rita"}),
        ("/api/2.0/mlflow/experiments/delete", {"experiment_id": experiment}),
    ):
        assert server.call("POST", path, READER, body=body).status == 403, path
    assert server.call("POST", "/api/2.0/mlflow/registered-models/create", SCIENTIST, body={"name": "m"}).status == 200


def test_assertions(server: Server, experiment: str) -> None:
    assert "of sam" in {
        item["name"] for item in server.call("GET", SEARCH, assertion=sign(sub="rita")).body["experiments"]
    }
    assert server.call("POST", CREATE, assertion=sign(sub="rita"), body={"name": "x"}).status == 403
    assert server.call("GET", SEARCH, assertion=sign(exp=int(time.time()) - 1)).status == 401
    assert server.call("GET", SEARCH, assertion=sign(key=KEY + "x")).status == 401
    assert server.call("GET", SEARCH, assertion=sign()[:-2] + "AA").status == 401
    assert server.call("GET", SEARCH, assertion=sign(personas=["owner"])).status == 403
    assert server.call("GET", SEARCH, assertion=sign(personas=[])).status == 403


def test_workspaces(server: Server, experiment: str) -> None:
    assert "of sam" in names(server, SCIENTIST, workspace("vision"))
    assert "of sam" not in names(server, SCIENTIST, workspace("shared"))
    assert "of sam" not in names(server, SPEECH)
    for foreign in ("speech", "default", "nowhere", ""):
        assert server.call("GET", SEARCH, SCIENTIST, headers=(workspace(foreign),)).status == 403
    assert server.call("GET", f"/api/2.0/mlflow/experiments/get?experiment_id={experiment}", SPEECH).status in (
        403,
        404,
    )
    listed = server.call("GET", "/api/3.0/mlflow/workspaces", SCIENTIST)
    assert {item["name"] for item in listed.body["workspaces"]} == {"vision", "shared"}


def test_graphql(server: Server, experiment: str) -> None:
    query = {"query": f'{{mlflowGetExperiment(input: {{experimentId: "{experiment}"}}) {{experiment {{name}}}}}}'}
    seen = server.call("POST", "/graphql", READER, body=query)
    assert seen.body["data"]["mlflowGetExperiment"]["experiment"]["name"] == "of sam"
    hidden = server.call("POST", "/graphql", SPEECH, body=query)
    assert "of sam" not in str(hidden.body)


def test_fastapi_artifacts(server: Server, experiment: str, run: str) -> None:
    file = f"/api/2.0/mlflow-artifacts/artifacts/workspaces/vision/{experiment}/{run}/artifacts/note.txt"
    assert server.call("PUT", file, READER, body=b"forged").status == 403
    assert server.call("PUT", file, SCIENTIST, body=b"hello").status == 200
    assert server.call("GET", file, READER).body == b"hello"
    assert server.call("GET", file, SPEECH).status in (400, 403, 404)
    assert server.call("GET", f"/get-artifact?run_id={run}&path=note.txt", READER).body == b"hello"
    assert server.call("GET", f"/get-artifact?run_id={run}&path=note.txt", SPEECH).status in (403, 404)


def test_otlp(server: Server, experiment: str) -> None:
    spans = _spans()
    headers = (("x-mlflow-experiment-id", experiment), ("Content-Type", "application/x-protobuf"))
    assert server.call("POST", "/v1/traces", SCIENTIST, body=spans, headers=headers).status == 200
    assert server.call("POST", "/v1/traces", READER, body=spans, headers=headers).status == 403
    assert server.call("POST", "/v1/traces", SPEECH, body=spans, headers=headers).status in (403, 404)


def _spans() -> bytes:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    span.trace_id, span.span_id, span.name = b"t" * 16, b"s" * 8, "step"
    span.start_time_unix_nano, span.end_time_unix_nano = 1, 2
    return request.SerializeToString()


def test_a_user_is_made_once_and_only_the_platform_admin_is_admin(server: Server) -> None:
    newcomer = arn("gatehouse-vision-reader", "newcomer")
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: server.call("GET", SEARCH, newcomer).status, range(8)))
    assert answers == [200] * 8
    assert server.call("GET", SEARCH, PLATFORM).status == 200
    assert server.call("GET", SEARCH, ADMIN).status == 200
    found = users(server)
    assert [name for name, admin in found.items() if admin] == ["gatehouse#bootstrap", "pat#platform-admin"]
    assert "pat" not in found
    assert {"newcomer", "adam"} <= set(found)


def test_who_mlflow_thinks_is_calling(server: Server) -> None:
    path = "/api/2.0/mlflow/users/current"
    mine = server.call("GET", path, READER, headers=(("Authorization", "Basic cGF0OnBhdA=="),))
    assert (mine.body["user"]["username"], mine.body["user"]["is_admin"]) == ("rita", False)
    assert server.call("GET", path, PLATFORM).body["user"]["username"] == "pat#platform-admin"


def test_admins_stay_in_their_workspace(server: Server, experiment: str) -> None:
    assert server.call("POST", CREATE, ADMIN, body={"name": "of adam"}).status == 200
    assert server.call("POST", CREATE, ADMIN, body={"name": "x"}, headers=(workspace("speech"),)).status == 403
    assert "of sam" in names(server, PLATFORM, workspace("vision"))
    assert "of sam" not in names(server, PLATFORM, workspace("speech"))
    assert server.call("GET", SEARCH, PLATFORM, headers=(workspace("nowhere"),)).status == 404


def test_the_ui_origin_can_read_every_refusal(server: Server, experiment: str, run: str) -> None:
    file = f"/api/2.0/mlflow-artifacts/artifacts/workspaces/vision/{experiment}/{run}/artifacts/x.txt"
    origin = ("Origin", ORIGIN)
    for method, path, status in (
        ("PUT", file, 403),
        ("POST", CREATE, 403),
        ("GET", "/nothing", 403),
        ("GET", SEARCH, 200),
    ):
        answer = server.call(method, path, READER, body={"name": "x"} if method == "POST" else None, headers=(origin,))
        assert (answer.status, answer.headers.get("access-control-allow-origin")) == (status, ORIGIN), path


def test_the_log_has_no_secret(server: Server) -> None:
    log = (server.data / "server.log").read_text()
    assert '"gatehouse": "refused"' in log
    assert PROOF not in log
    assert KEY not in log
