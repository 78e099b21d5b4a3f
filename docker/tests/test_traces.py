"""Traces on real MLflow: whoever sends them, by whichever protocol, is their creator, and nobody says where the server
reads them from."""

import gzip
import json
import zlib
from typing import Any

import pytest
from conftest import arn
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from server import ADMIN, SCIENTIST, SPEECH, Server

from gatehouse_mlflow import otlp
from gatehouse_mlflow.refusal import Refused

COLLEAGUE = arn("gatehouse-vision-scientist", "cleo")
V2, V3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
PROTOBUF, JSON = "application/x-protobuf", "application/json"
LOCATION = "mlflow.artifactLocation"
SECRET = "hidden-treasure"


@pytest.fixture(scope="module")
def server(declared_server: Server) -> Server:
    return declared_server


@pytest.fixture(scope="module")
def experiment(server: Server) -> str:
    return make(server, f"{V2}/experiments/create", {"name": "traces"})["experiment_id"]


def make(server: Server, path: str, body: Any, caller: str = SCIENTIST, method: str = "POST") -> Any:
    answer = server.call(method, path, caller, body=body)
    assert answer.status == 200, (path, answer)
    return answer.body


def spans(number: int, *, root: bool = True, **attributes: str) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    span = request.resource_spans.add().scope_spans.add().spans.add()
    span.trace_id, span.span_id, span.name = number.to_bytes(16, "big"), bytes([1 + root] * 8), "step"
    if not root:
        span.parent_span_id = bytes([2] * 8)
    span.start_time_unix_nano, span.end_time_unix_nano = 1, 2
    for key, value in attributes.items():
        attribute = span.attributes.add()
        attribute.key, attribute.value.string_value = key, value
    return request


def send(
    server: Server, experiment: str, sent: ExportTraceServiceRequest | bytes, caller: str = SCIENTIST, **headers: str
) -> int:
    body = sent if isinstance(sent, bytes) else sent.SerializeToString()
    given = {"x-mlflow-experiment-id": experiment, "content-type": PROTOBUF}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    return server.call("POST", "/v1/traces", caller, body=body, headers=tuple(given.items())).status


def info(server: Server, number: int | str, caller: str = SCIENTIST) -> Any:
    trace = number if isinstance(number, str) else f"tr-{number:032x}"
    answer = server.call("GET", f"{V3}/traces/{trace}", caller)
    assert answer.status == 200, answer
    return answer.body["trace"]["trace_info"]


def start(server: Server, experiment: str, trace: str, caller: str = SCIENTIST, **more: Any) -> Any:
    said = {
        "trace_id": trace,
        "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}},
        "request_time": "2026-01-01T00:00:00Z",
        "execution_duration": "1s",
        "state": "OK",
        **more,
    }
    return server.call("POST", f"{V3}/traces", caller, body={"trace": {"trace_info": said}})


FORGED = {
    "mlflow.traceTag.mlflow.user": "ceo",
    f"mlflow.traceTag.{LOCATION}": "file:///etc",
    "mlflow.traceTag.mlflow.trace.spansLocation": "ARCHIVE_REPO",
    "mlflow.traceTag.mlflow.trace.archiveLocation": "file:///etc",
    "mlflow.traceTag.team": "v",
}


def test_the_caller_is_the_creator_in_every_form_of_the_body(server: Server, experiment: str) -> None:
    def as_json(number: int) -> bytes:
        span = {
            "traceId": f"{number:032x}",
            "spanId": "02" * 8,
            "name": "step",
            "startTimeUnixNano": "1",
            "endTimeUnixNano": "2",
            "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in FORGED.items()],
        }
        return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()

    def packed(number: int) -> bytes:
        return spans(number, **FORGED).SerializeToString()

    raw = zlib.compressobj(wbits=-15)
    assert send(server, experiment, packed(101)) == 200
    assert send(server, experiment, as_json(102), content_type=f"{JSON}; charset=utf-8") == 200
    assert send(server, experiment, gzip.compress(packed(103)), content_encoding="gzip") == 200
    assert send(server, experiment, zlib.compress(as_json(104)), content_encoding="deflate", content_type=JSON) == 200
    assert send(server, experiment, raw.compress(packed(105)) + raw.flush(), content_encoding="deflate") == 200
    for number in range(101, 106):
        found = info(server, number)["tags"]
        assert (found["mlflow.user"], found["team"]) == ("sam", "v")
        assert found["mlflow.trace.spansLocation"] == "TRACKING_STORE"
        assert found[LOCATION].startswith(f"mlflow-artifacts:/workspaces/vision/{experiment}/")
        assert "mlflow.trace.archiveLocation" not in found


def test_what_is_no_spans_is_refused(server: Server, experiment: str) -> None:
    body = spans(9).SerializeToString()
    for sent, headers in (
        (b"", {}),
        (b"nothing", {}),
        (body, {"content_type": "text/plain"}),
        (body, {"content_type": JSON}),
        (b"[" * 100_000, {"content_type": JSON}),
        (b"[]", {"content_type": JSON}),
        (body, {"content_encoding": "gzip"}),
        (body, {"content_encoding": "br"}),
        (gzip.compress(body) * 2, {"content_encoding": "gzip"}),
        (gzip.compress(body)[:-4], {"content_encoding": "gzip"}),
    ):
        assert send(server, experiment, sent, **headers) == 400, (sent[:20], headers)
    place = ("x-mlflow-experiment-id", experiment)
    for twice in ((("content-type", JSON), place), (place, ("X-MLflow-Experiment-Id", "0"))):
        sent = (("content-type", PROTOBUF), *twice)
        assert server.call("POST", "/v1/traces", SCIENTIST, body=body, headers=sent).status == 400


def test_a_body_that_unpacks_to_too_much_is_not_unpacked() -> None:
    with pytest.raises(Refused, match="64 MiB"):
        otlp.parse(gzip.compress(bytes(65 << 20)), PROTOBUF.encode(), b"gzip")


def test_a_colleague_adds_to_a_trace_and_takes_over_nothing(server: Server, experiment: str) -> None:
    assert send(server, experiment, spans(20)) == 200
    assert send(server, experiment, spans(20, root=False), COLLEAGUE) == 200
    assert send(server, experiment, spans(20, **FORGED), COLLEAGUE) == 200
    assert info(server, 20)["tags"]["mlflow.user"] == "sam"
    # The end of a distributed trace may come first.
    assert send(server, experiment, spans(21, root=False), COLLEAGUE) == 200
    assert send(server, experiment, spans(21)) == 200
    assert info(server, 21)["tags"]["mlflow.user"] == "sam"
    tags, metadata = {"mlflow.user": "cleo"}, {"mlflow.user": "cleo"}
    assert start(server, experiment, f"tr-{20:032x}", COLLEAGUE, tags=tags, trace_metadata=metadata).status == 200
    found = info(server, 20)
    assert (found["tags"]["mlflow.user"], found["trace_metadata"]["mlflow.user"]) == ("sam", "sam")


def test_other_experiments_are_not_reached_by_a_traces_name(server: Server, experiment: str) -> None:
    """MLflow asks for the experiment of the request alone, and adds the spans to wherever the trace is."""
    guest = arn("gatehouse-vision-guest", "gus")
    assert server.call("GET", "/version", guest).status == 200
    own = make(server, f"{V2}/experiments/create", {"name": "of the guest"})["experiment_id"]
    grant = {"username": "gus", "resource_type": "experiment", "resource_id": own, "permission": "EDIT"}
    make(server, f"{V3}/mlflow/users/permissions/grant".replace("/mlflow/mlflow", "/mlflow"), grant, ADMIN)
    assert send(server, own, spans(30), guest) == 200
    assert send(server, experiment, spans(31)) == 200
    assert send(server, own, spans(31, root=False), guest) == 403
    assert start(server, own, f"tr-{31:032x}", guest).status == 403
    assert info(server, 31)["trace_location"]["mlflow_experiment"]["experiment_id"] == experiment
    run = make(server, f"{V2}/runs/create", {"experiment_id": experiment, "start_time": 1})["run"]["info"]["run_id"]
    assert send(server, own, spans(32), guest, x_mlflow_run_id=run) == 403
    assert send(server, experiment, spans(33), x_mlflow_run_id=run) == 200


def test_nobody_reads_another_teams_files_through_a_trace(server: Server, experiment: str) -> None:
    theirs = make(server, f"{V2}/experiments/create", {"name": "speech"}, SPEECH)["experiment_id"]
    run = make(server, f"{V2}/runs/create", {"experiment_id": theirs, "start_time": 1}, SPEECH)["run"]["info"]["run_id"]
    folder = f"workspaces/speech/{theirs}/{run}/artifacts"
    file = f"/api/2.0/mlflow-artifacts/artifacts/{folder}/traces.json"
    make(server, file, json.dumps({"spans": [], "note": SECRET}).encode(), SPEECH, "PUT")
    place = {LOCATION: f"mlflow-artifacts:/{folder}"}
    pointed = {**place, "mlflow.trace.spansLocation": "ARTIFACT_REPO", "mlflow.trace.archiveLocation": "file:///etc"}

    names = ["tr-" + f"{number:032x}" for number in (40, 41)]
    assert start(server, experiment, names[0], tags=pointed, trace_metadata=pointed).status == 200
    # Sent again, as a client does that has got no answer.
    assert start(server, experiment, names[0], tags=pointed).status == 200
    made = make(
        server,
        f"{V2}/traces",
        {
            "experiment_id": experiment,
            "timestamp_ms": 1,
            "request_metadata": [],
            "tags": [{"key": key, "value": value} for key, value in pointed.items()],
        },
    )["trace_info"]["request_id"]
    names[1] = made
    ended = {
        "request_id": made,
        "timestamp_ms": 2,
        "status": "OK",
        "request_metadata": [],
        "tags": [{"key": key, "value": value} for key, value in pointed.items()],
    }
    make(server, f"{V2}/traces/{made}", ended, method="PATCH")
    for name in names:
        for caller in (SCIENTIST, COLLEAGUE, ADMIN):
            for key, value in pointed.items():
                tag = {"key": key, "value": value}
                for api in (V2, V3):
                    for method in ("PATCH", "DELETE"):
                        assert server.call(method, f"{api}/traces/{name}/tags", caller, body=tag).status == 403, key
        assert info(server, name)["tags"][LOCATION].startswith("mlflow-artifacts:/workspaces/vision/")
        shown = server.call("GET", f"/ajax-api/2.0/mlflow/get-trace-artifact?request_id={name}", SCIENTIST)
        assert SECRET not in str(shown.body)


def test_judgements_that_come_with_a_trace_are_the_callers(server: Server, experiment: str) -> None:
    def judgement(kind: Any, **more: Any) -> Any:
        source = {"source_type": kind, "source_id": "ceo"}
        said = {"assessment_name": "good", "feedback": {"value": True}, "source": source}
        return {**said, "metadata": {"mlflow.user": "ceo"}, **more}

    trace = f"tr-{50:032x}"
    many = [judgement(kind) for kind in ("HUMAN", 1, "01", True)]
    assert start(server, experiment, trace, assessments=[*many, judgement("CODE")]).status == 200
    made = info(server, trace)["assessments"]
    assert [each["metadata"]["mlflow.user"] for each in made] == ["sam"] * 5
    assert sorted(each["source"]["source_id"] for each in made) == ["ceo", *["sam"] * 4]
    # A colleague's own trace doesn't carry off, or rewrite, what sam said.
    taken = judgement("HUMAN", assessment_id=made[0]["assessment_id"], trace_id=trace)
    other = f"tr-{51:032x}"
    assert start(server, experiment, other, COLLEAGUE, assessments=[taken]).status == 403
    assert start(server, experiment, trace, COLLEAGUE, assessments=[taken]).status == 403
    assert start(server, experiment, trace, assessments=[taken]).status == 200
    assert len(info(server, trace)["assessments"]) == 5
