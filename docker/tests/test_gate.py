"""The gate as an ASGI layer around a recorder: what reaches MLflow, and what an inner failure turns into."""

import asyncio
import json
from typing import Any
from urllib.parse import unquote

import pytest
from conftest import KEY, PROOF, access_of, arn

from gatehouse_mlflow.actor import authorize, current_actor
from gatehouse_mlflow.catalogue import parse_catalogue
from gatehouse_mlflow.gate import Gate
from gatehouse_mlflow.settings import GateSettings

ROWS = [
    {"method": "GET", "path": "/version", "needs": "any"},
    {"method": "GET", "path": "/health", "needs": "any"},
    {"method": "GET", "path": "/a/{x}", "needs": "run:read"},
]
CALLER = arn("gatehouse-vision-reader", "ada")


class Recorder:
    """Stands for MLflow."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, str], Any]] = []

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.seen.append((scope["path"], headers, current_actor.get()))
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"fine"})


class AnyUsers:
    """Stands for MLflow's user table."""

    def __init__(self, error: Exception | None = None):
        self.error = error

    def knows(self, _actor: Any) -> bool:
        return False

    def provide(self, _actor: Any) -> None:
        if self.error:
            raise self.error


def call(path: str = "/version", method: str = "GET", users: Any = None, **given: str) -> tuple[int, Any, Recorder]:
    headers = {"x-gatehouse-proof": PROOF, "x-gatehouse-caller": CALLER, "x-gatehouse-assertion": ""}
    headers |= {name.replace("_", "-"): value for name, value in given.items()}
    recorder = Recorder()
    settings = GateSettings(access_of(), (PROOF.encode(),), (KEY.encode(),), "https://ui.example,*.example")
    gate = Gate(recorder, settings, parse_catalogue(ROWS), users or AnyUsers())
    sent = answers(gate, path, [(n.encode(), v.encode()) for n, v in headers.items() if v != "-"], method)
    answer = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], answer | {"body": sent[1]["body"]}, recorder


def answers(gate: Gate, path: str, headers: list[tuple[bytes, bytes]], method: str = "GET") -> list[Any]:
    """The messages that the gate sends for a request with exactly these headers."""
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": method,
        "path": unquote(path),
        "raw_path": path.encode(),
        "root_path": "",
        "headers": headers,
    }
    asyncio.run(gate(scope, None, send))
    return sent


def test_passes_identity_and_workspace_only() -> None:
    status, _, recorder = call(authorization="Basic x", x_gatehouse_person="root", x_mlflow_workspace="shared")
    assert status == 200
    ((path, headers, actor),) = recorder.seen
    assert (path, headers) == ("/version", {"x-mlflow-workspace": "shared"})
    assert (actor.username, actor.workspace, actor.is_admin) == ("ada", "shared", False)
    assert current_actor.get() is None


def test_health_needs_no_proof_but_carries_nobody() -> None:
    for given in ({"x_gatehouse_proof": "-", "x_gatehouse_caller": "-"}, {"x_mlflow_workspace": "speech"}):
        status, _, recorder = call("/health", **given)
        assert status == 200
        assert recorder.seen == [("/health", {}, None)]
    for path, method in (("/health/", "GET"), ("/healthz", "GET"), ("/health", "POST"), ("/health", "HEAD")):
        status, _, recorder = call(path, method, x_gatehouse_proof="-")
        assert (status, recorder.seen) == (401, [])


@pytest.mark.parametrize(
    ("path", "method", "status", "given"),
    [
        ("/version", "GET", 401, {"x_gatehouse_proof": "-"}),
        ("/version", "GET", 401, {"x_gatehouse_proof": "wrong"}),
        ("/version", "GET", 401, {"x_gatehouse_caller": "-"}),
        ("/version", "GET", 403, {"x_mlflow_workspace": "speech"}),
        ("/nothing", "GET", 403, {}),
        ("/version", "POST", 403, {}),
        ("/version", "HEAD", 405, {}),
        ("/version", "OPTIONS", 405, {}),
        ("//version", "GET", 400, {}),
        ("/%76ersion", "GET", 400, {}),
        ("/a%2Fb", "GET", 400, {}),
    ],
)
def test_refuses(path: str, method: str, status: int, given: dict[str, str]) -> None:
    found, answer, recorder = call(path, method, **given)
    assert (found, recorder.seen) == (status, [])
    if method != "HEAD":
        body = json.loads(answer["body"])
        assert set(body) == {"error_code", "message"}
        assert PROOF not in body["message"]


def test_failures_refuse() -> None:
    status, _, recorder = call(users=AnyUsers(RuntimeError("database password is hunter2")))
    assert (status, recorder.seen) == (503, [])

    class Broken(AnyUsers):
        def knows(self, _actor: Any) -> bool:
            raise KeyError("surprise")

    status, answer, recorder = call(users=Broken())
    assert (status, recorder.seen) == (500, [])
    assert b"surprise" not in answer["body"]


def test_cross_origin_answers() -> None:
    for path in ("/version", "/nothing"):
        assert call(path, origin="https://ui.example")[1]["access-control-allow-origin"] == "https://ui.example"
        assert "access-control-allow-origin" not in call(path, origin="https://x.example")[1]
        assert "access-control-allow-origin" not in call(path)[1]


def test_websockets_are_closed_and_lifespan_passes() -> None:
    gate = Gate(Recorder(), GateSettings(access_of(), (b"",), (b"",)), parse_catalogue(ROWS), AnyUsers())
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(gate({"type": "websocket", "path": "/version"}, None, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_mlflow_refuses_what_did_not_pass() -> None:
    from flask import Flask

    with Flask(__name__).test_request_context("/version", headers={"X-Gatehouse-Caller": CALLER}):
        answer = authorize()
    assert answer.status_code == 401
