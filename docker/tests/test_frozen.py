"""What was approved can't change: a colleague with every right but an admin's tries each write of the catalogue, and
the files, the versions and the record are what they were."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import SETTING, arn
from server import Server, running
from tenants import CONTENT, NAME, OWNER, Ids, calls, plant

from gatehouse_mlflow.catalogue import read_catalogue

COLLEAGUE = arn("gatehouse-vision-scientist", "cleo")
#: An admin's: who deletes the version may change what it pointed at.
ADMINS = {"registered_model:delete", "model_version:delete", "registered_model:admin", "experiment:delete"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    setting: dict[str, Any] = copy.deepcopy(SETTING)
    every = {route.needs for route in read_catalogue().routes if route.needs not in (None, "any")}
    allowed = sorted(each for each in every if each not in ADMINS and not str(each).endswith(":approve"))
    scientist = setting["personas"]["scientist"]
    scientist["permissions"] = allowed
    scientist["mlflow"] = {**dict.fromkeys(scientist["mlflow"], "MANAGE"), "workspace": "USE"}
    changes = {"GATEHOUSE_ACCESS": json.dumps(setting), "MLFLOW_ENABLE_AI_GATEWAY": "true"}
    with running(Path(tmp_path_factory.mktemp("frozen")), **changes) as started:
        yield started


def test_no_write_reaches_what_is_approved(server: Server) -> None:
    ids = plant(server)
    file, model_file = f"/api/2.0/mlflow-artifacts/artifacts/{ids['artifact_path']}", model_path(ids)
    assert server.call("PUT", model_file, OWNER, body=CONTENT.encode()).status == 200
    ready = {"model_id": ids["model_id"], "status": "LOGGED_MODEL_READY"}
    path = f"/api/2.0/mlflow/logged-models/{ids['model_id']}"
    assert server.call("PATCH", path, OWNER, body=ready).status == 200

    def state() -> dict[str, Any]:
        model = server.call("GET", path, OWNER).body["model"]["info"]
        version = server.call("GET", f"/api/2.0/mlflow/model-versions/get?name={NAME}&version=1", OWNER).body
        fixed = ("source", "run_id", "creation_timestamp", "aliases", "tags", "current_stage")
        return {
            "files": [server.call("GET", each, OWNER).body for each in (file, model_file)],
            "model": [model[key] for key in ("status", "artifact_uri", "creation_timestamp_ms")],
            "version": {key: version["model_version"].get(key) for key in fixed},
        }

    before = state()
    assert before["files"] == [CONTENT.encode()] * 2
    assert any(tag["key"] == f"approval.alias.{NAME}" for tag in before["version"]["tags"])
    tried = passed = 0
    for asked in both(ids):
        for call in calls(asked, reads=False):
            answer = call.by(server, COLLEAGUE)
            tried += 1
            passed += answer.status == 200
    assert state() == before
    # Not everything was refused: the colleague does have rights.
    assert tried > 300
    assert passed > 20


def model_path(ids: Ids) -> str:
    folder = f"workspaces/vision/{ids['experiment_id']}/models/{ids['model_id']}/artifacts"
    return f"/api/2.0/mlflow-artifacts/artifacts/{folder}/{NAME}.txt"


def both(ids: Ids) -> Iterator[Ids]:
    """The file of the run that a version points at, and the finished logged model's, with and without workspace."""
    for path in (ids["artifact_path"], model_path(ids).partition("/artifacts/")[2]):
        for spelled in (path, path.removeprefix("workspaces/vision/"), path.rpartition("/")[0]):
            yield {**ids, "artifact_path": spelled}
