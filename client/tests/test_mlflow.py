"""The stock MLflow client, chosen by MLFLOW_TRACKING_AUTH alone, against a server that keeps what arrives."""

import logging
import uuid
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from capture import Answer, CaptureServer, Received
from expectations import assert_signed, assert_unsigned


def answer(request: Received) -> Answer:
    if request.path == "/version":
        return Answer(200, mlflow.__version__.encode())
    if request.path == "/api/2.0/mlflow/runs/get":
        run = request.parameters["run_id"][0]
        info = {
            "run_id": run,
            "experiment_id": "1",
            "status": "RUNNING",
            "lifecycle_stage": "active",
            "artifact_uri": f"mlflow-artifacts:/1/{run}/artifacts",
        }
        return Answer.of({"run": {"info": info, "data": {}}})
    if request.path.endswith("/experiments/get"):
        return Answer.of({"experiment": {"experiment_id": "1", "name": "e", "lifecycle_stage": "active"}})
    if request.path.endswith("/traces/search"):
        location = {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": "1"}}
        trace = {
            "trace_location": location,
            "request_time": "2026-01-01T00:00:00Z",
            "state": "OK",
            "tags": {"mlflow.trace.spansLocation": "TRACKING_STORE"},
        }
        return Answer.of({"traces": [{**trace, "trace_id": f"tr-{name}"} for name in ("b", "a")]})
    if request.path == "/api/3.0/mlflow/traces":
        return Answer(200, request.body)
    if request.path.endswith("/server-info"):
        return Answer.of({}, 404)
    return Answer.of({})


@pytest.fixture
def run() -> str:
    """A run of its own for each test: MLflow keeps a run's artifact store, with its host, for the whole process."""
    return uuid.uuid4().hex


@pytest.fixture
def client(server: CaptureServer, own_keys: None) -> Iterator[MlflowClient]:
    """The stock client; whatever it sent in the test must be signed."""
    server.answer = answer
    yield MlflowClient()
    assert server.received
    for request in server.received:
        assert_signed(request)


@pytest.mark.parametrize("name", ["plain.txt", "with space.txt", "mödel-日本.bin", "a:b@c=d.txt"])
@pytest.mark.parametrize("size", [0, 3 * 1024 * 1024])
def test_log_artifact(
    run: str, client: MlflowClient, server: CaptureServer, tmp_path: Path, name: str, size: int
) -> None:
    file = tmp_path / name
    file.write_bytes(b"x" * size)
    client.log_artifact(run, str(file), "some folder")
    put = server.last("PUT")
    assert put.decoded_path == f"/api/2.0/mlflow-artifacts/artifacts/1/{run}/artifacts/some folder/{name}"
    assert put.header("Content-Length") == str(size)
    assert put.body == b"x" * size


def test_other_artifact_calls(run: str, client: MlflowClient, server: CaptureServer, tmp_path: Path) -> None:
    client.log_dict(run, {"a": 1}, "nested folder/x.json")
    client.list_artifacts(run, "a folder/ü")
    assert [f"1/{run}/artifacts/a folder/ü"] in [request.parameters.get("path") for request in server.received]
    client.download_artifacts(run, "a file.txt", str(tmp_path))


def test_filter_and_repeated_order_by(client: MlflowClient, server: CaptureServer) -> None:
    client.search_registered_models("name ILIKE '%a b+c%'", order_by=["name DESC", "last_updated_timestamp ASC"])
    request = server.last("GET")
    assert request.parameters["filter"][0].startswith("name ILIKE '%a b+c%' AND tag.`mlflow.prompt")
    assert request.parameters["order_by"] == ["name DESC", "last_updated_timestamp ASC"]


def test_search_traces(client: MlflowClient, server: CaptureServer) -> None:
    client.search_traces(locations=["1"], filter_string="name = 'x y'", order_by=["timestamp_ms DESC"])
    asked = [request for request in server.received if "trace_ids" in request.parameters]
    assert asked
    assert sorted(asked[-1].parameters["trace_ids"]) == ["tr-a", "tr-b"]


def test_spans_are_exported_signed(client: MlflowClient, server: CaptureServer) -> None:
    mlflow.set_experiment(experiment_id="1")
    with mlflow.start_span("spän"):
        pass
    mlflow.flush_trace_async_logging()
    assert {"/api/3.0/mlflow/traces", "/v1/traces"} <= {request.path for request in server.received}


def test_metrics_and_models(run: str, client: MlflowClient) -> None:
    client.log_metric(run, "loss", 0.1)
    client.set_tag(run, "note", "grüße")
    client.delete_registered_model_tag("model", "key")


def test_an_artifact_location_elsewhere_gets_no_credentials(
    server: CaptureServer, elsewhere: CaptureServer, own_keys: None, tmp_path: Path
) -> None:
    location = f"{elsewhere.url}/api/2.0/mlflow-artifacts/artifacts/1/x"
    server.answer = answer
    mlflow.artifacts.list_artifacts(artifact_uri=location)
    assert elsewhere.received
    for request in elsewhere.received:
        assert_unsigned(request)


def test_presigned_parts_are_sent_without_signature(
    run: str,
    server: CaptureServer,
    elsewhere: CaptureServer,
    own_keys: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD", "true")
    monkeypatch.setenv("MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE", "1")

    def with_parts(request: Received) -> Answer:
        if "/mpu/create/" in request.path:
            part = {"part_number": 1, "url": f"{elsewhere.url}/bucket/key?X-Amz-Signature=abc", "headers": {}}
            return Answer.of({"upload_id": "u", "credentials": [part]})
        return answer(request)

    server.answer = with_parts
    elsewhere.answer = lambda _: Answer(200, b"", {"ETag": "e"})
    file = tmp_path / "big file.bin"
    file.write_bytes(b"content")
    MlflowClient().log_artifact(run, str(file))
    assert_unsigned(elsewhere.last("PUT"))
    assert any("/mpu/complete/" in request.path for request in server.received)
    for request in server.received:
        assert_signed(request)


def test_errors_reach_the_user(run: str, server: CaptureServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    with pytest.raises(MlflowException, match="no AWS credentials: set AWS_PROFILE"):
        MlflowClient().get_run(run)


def test_mlflows_own_signer_overrules_and_is_told_once(
    run: str, server: CaptureServer, own_keys: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    pytest.importorskip("requests_auth_aws_sigv4")
    monkeypatch.setenv("MLFLOW_TRACKING_AWS_SIGV4", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    server.answer = answer
    for _ in range(2):
        MlflowClient().get_run(run)
    told = [record for record in caplog.records if "MLFLOW_TRACKING_AWS_SIGV4" in record.getMessage()]
    assert [record.levelno for record in told] == [logging.WARNING]
