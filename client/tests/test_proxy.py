"""The proxy behind MLflow's tab: what it asks of the registry, what it lets pass, and whom it serves."""

import asyncio
import random
from pathlib import Path

import pytest
from aiohttp import ClientSession, UnixConnector, web

from capture import Answer, CaptureServer
from expectations import assert_signed
from mlflow_gatehouse.errors import RefusedError, SettingsError
from mlflow_gatehouse.proxy.app import create_app
from mlflow_gatehouse.proxy.headers import is_foreign, to_return, to_send
from mlflow_gatehouse.proxy.page import guards_script, with_scripts, workspace_script
from mlflow_gatehouse.proxy.paths import target
from mlflow_gatehouse.proxy.serve import serve
from mlflow_gatehouse.refusals import plain_refusal

BASE = "https://abc.execute-api.eu-west-1.amazonaws.com/prod"


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ("/", "/"),
        ("/static-files/static/js/main.js", "/static-files/static/js/main.js"),
        ("/ajax-api/2.0/mlflow/runs/search", "/api/2.0/mlflow/runs/search"),
        ("/ajax-api/2.0/mlflow/upload-artifact?path=a+b", "/ajax-api/2.0/mlflow/upload-artifact?path=a%20b"),
        ("/get-artifact?path=ä:1&run_uuid=r", "/get-artifact?path=%C3%A4%3A1&run_uuid=r"),
    ],
)
def test_the_uis_calls_go_to_the_code_api(asked: str, sent: str) -> None:
    assert target(BASE, asked) == BASE + sent


@pytest.mark.parametrize("path", ["/../dev/api", "/api/%2e%2e/dev", "/api//2.0", "/ajax-api/./x"])
def test_no_path_leaves_the_stage(path: str) -> None:
    with pytest.raises(SettingsError):
        target(BASE, path)


def test_jupyters_secrets_and_the_callers_names_stay_here() -> None:
    asked = {
        "Cookie": "username-8888=secret",
        "Authorization": "token secret",
        "X-XSRFToken": "secret",
        "X-Gatehouse-Proof": "forged",
        "X-Forwarded-For": "10.0.0.1",
        "Content-Type": "application/json",
        "X-MLflow-Workspace": "vision",
    }
    assert to_send(asked) == {"Content-Type": "application/json", "X-MLflow-Workspace": "vision"}
    answered = [("Set-Cookie", "a=b"), ("Access-Control-Allow-Origin", "*"), ("ETag", "1")]
    assert to_return(answered) == [("ETag", "1")]


@pytest.mark.parametrize(
    ("method", "site", "mode", "foreign"),
    [
        ("POST", "same-origin", "cors", False),
        ("POST", "cross-site", "no-cors", True),
        ("GET", "cross-site", "no-cors", True),
        ("GET", "cross-site", "navigate", False),
        ("POST", "cross-site", "navigate", True),
    ],
)
def test_pages_of_other_sites_are_refused(method: str, site: str, mode: str, foreign: bool) -> None:
    assert is_foreign(method, {"Sec-Fetch-Site": site, "Sec-Fetch-Mode": mode}) is foreign


def test_a_folder_that_others_may_open_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o755)
    with pytest.raises(RefusedError, match="yours alone"):
        serve(folder / "proxy.sock")


def test_the_page_opens_in_the_workspace() -> None:
    page = with_scripts(b"<head><script src='a.js'></script></head>")
    ours = b'<script src="gatehouse-guards.js"></script><script src="gatehouse-workspace.js"></script>'
    assert page == b"<head>" + ours + b"<script src='a.js'></script></head>"
    assert "createObjectURL" in guards_script()
    assert '"vision"' in workspace_script("vision")
    assert workspace_script(None) == ""


def test_a_refusal_says_who_may_not_do_what() -> None:
    said = (
        '{"Message":"User: arn:aws:sts::111111111111:assumed-role/gatehouse-vision-reader/bo@acme.example is not '
        "authorized to perform: execute-api:Invoke on resource: "
        'arn:aws:execute-api:eu-west-1:********1111:abc/prod/POST/api/2.0/mlflow/runs/create"}'
    )
    assert plain_refusal(said).startswith(
        "bo@acme.example may not POST /api/2.0/mlflow/runs/create as gatehouse-vision-reader"
    )
    assert plain_refusal("something else") == "something else"


@pytest.mark.usefixtures("own_keys")
@pytest.mark.parametrize("pause", [0, 0.002])
def test_a_long_answer_passes_byte_for_byte_to_who_takes_it_quickly_or_slowly(
    server: CaptureServer, tmp_path: Path, pause: float
) -> None:
    content = random.Random(1).randbytes(12 * 1024 * 1024 + 7)
    server.answer = lambda _: Answer(200, content, {"Content-Type": "application/octet-stream"})

    async def download() -> bytes:
        runner = web.AppRunner(create_app())
        await runner.setup()
        path = str(tmp_path / "proxy.sock")
        await web.UnixSite(runner, path).start()
        taken = bytearray()
        async with (
            ClientSession(connector=UnixConnector(path)) as session,
            session.get("http://proxy/get-artifact?path=a b") as answer,
        ):
            assert answer.headers["Content-Length"] == str(len(content))
            async for chunk in answer.content.iter_any():
                taken += chunk
                await asyncio.sleep(pause)
        await runner.cleanup()
        return bytes(taken)

    assert asyncio.run(download()) == content
    assert_signed(server.last())
