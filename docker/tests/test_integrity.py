"""Real MLflow behind the gate: bodies, creators, own runs, frozen artifacts, foreign sources, prompts."""

import hashlib
import json
from typing import Any

import pytest
from conftest import arn
from server import ADMIN, SCIENTIST, SPEECH, Server

from gatehouse_mlflow.bodies import reserved
from gatehouse_mlflow.graphql import NEEDS

APPROVER = arn("gatehouse-vision-approver", "ann")
COLLEAGUE = arn("gatehouse-vision-scientist", "cleo")
API = "/api/2.0/mlflow"
PROXY = "mlflow-artifacts/artifacts/workspaces/vision"


@pytest.fixture(scope="module")
def server(declared_server: Server) -> Server:
    return declared_server


@pytest.fixture(scope="module")
def experiment(server: Server) -> str:
    return ok(server, "/experiments/create", {"name": "e"})["experiment_id"]


def ok(server: Server, path: str, body: dict[str, Any], caller: str = SCIENTIST, method: str = "POST") -> Any:
    answer = server.call(method, API + path, caller, body=body)
    assert answer.status == 200, (path, answer)
    return answer.body


def status(server: Server, path: str, body: Any, caller: str = SCIENTIST, method: str = "POST") -> int:
    return server.call(method, API + path, caller, body=body).status


def new_run(server: Server, experiment: str, **more: Any) -> Any:
    return ok(server, "/runs/create", {"experiment_id": experiment, "start_time": 1, **more})["run"]


@pytest.mark.parametrize(
    "key", ["approval", "Approval.by", " approval", "ap\u200bproval", "APPROVAL_x", "\uff41pproval"]
)
def test_spellings_of_a_reserved_key(key: str) -> None:
    assert reserved(key)


def test_other_keys_are_free() -> None:
    assert not any(reserved(key) for key in ("", "approach", "stage", "pre-approval"))


def test_the_creator_is_the_caller(server: Server, experiment: str) -> None:
    tags = [{"key": "mlflow.user", "value": "ceo"}, {"key": "team", "value": "v"}]
    for named in ({"user_id": "ceo"}, {"userId": "ceo"}, {"tags": tags}, {}):
        run = new_run(server, experiment, **named)
        found = {tag["key"]: tag["value"] for tag in run["data"]["tags"]}
        assert (run["info"]["user_id"], found["mlflow.user"]) == ("sam", "sam")
    doubled = json.dumps(json.dumps({"experiment_id": experiment, "user_id": "ceo"})).encode()
    kind = (("Content-Type", "application/json"),)
    answer = server.call("POST", API + "/runs/create", SCIENTIST, body=doubled, headers=kind)
    # MLflow's own authorization does not read such a body, so it never gets as far as naming somebody.
    assert answer.status >= 400
    assert b"ceo" not in json.dumps(answer.body).encode()
    run_id = run["info"]["run_id"]
    claim = {"key": "mlflow.user", "value": "cleo"}
    assert status(server, "/runs/set-tag", {"run_id": run_id, **claim}, COLLEAGUE) == 403
    assert status(server, "/runs/log-batch", {"run_id": run_id, "tags": [claim]}, COLLEAGUE) == 403
    assert status(server, "/runs/delete-tag", {"run_id": run_id, "key": "mlflow.user"}, COLLEAGUE) == 403
    assert status(server, "/runs/set-tag", {"run_id": run_id, "key": "note", "value": "x"}, COLLEAGUE) == 200


def test_a_run_of_the_prompt_lab_is_the_callers(server: Server, experiment: str) -> None:
    pair = [{"key": "a", "value": "b"}]
    said = {
        "experiment_id": experiment,
        "prompt_template": "{a}",
        "prompt_parameters": pair,
        "model_route": "route",
        "model_parameters": pair,
        "model_input": "b",
        "model_output": "c",
        "model_output_parameters": pair,
        "mlflow_version": "3.17.2",
        "start_time": 1,
        "user_id": "ceo",
    }
    made = server.call("POST", "/ajax-api/2.0/mlflow/runs/create-promptlab-run", SCIENTIST, body=said)
    assert (made.status, made.body["run"]["info"]["user_id"]) == (200, "sam"), made


def test_only_own_runs_are_deleted(server: Server, experiment: str) -> None:
    first, second = (new_run(server, experiment)["info"]["run_id"] for _ in range(2))
    assert status(server, "/runs/delete", {"run_id": first}, COLLEAGUE) == 403
    assert status(server, "/runs/delete", {"runId": first}, COLLEAGUE) in (400, 403)
    assert status(server, "/runs/delete", {"run_id": first}) == 200
    assert status(server, "/runs/restore", {"run_id": first}, COLLEAGUE) == 403
    assert status(server, "/runs/delete", {"run_id": second}, ADMIN) == 200


def test_only_own_datasets_and_judgements(server: Server, experiment: str) -> None:
    v3 = "/api/3.0/mlflow"

    def call(method: str, path: str, caller: str, body: Any = None) -> Any:
        return server.call(method, v3 + path, caller, body=body)

    named = {"name": "d", "experiment_ids": [experiment], "tags": json.dumps({"mlflow.user": "ceo", "team": "v"})}
    made = call("POST", "/datasets/create", SCIENTIST, named)
    assert made.status == 200, made
    dataset = made.body["dataset"]["dataset_id"]
    assert made.body["dataset"]["created_by"] == "sam"
    claim = {"tags": json.dumps({"mlflow.user": "cleo"})}
    assert call("PATCH", f"/datasets/{dataset}/tags", COLLEAGUE, claim).status == 403
    assert call("DELETE", f"/datasets/{dataset}/tags/mlflow.user", COLLEAGUE).status == 403
    assert call("DELETE", f"/datasets/{dataset}", COLLEAGUE).status == 403
    assert call("DELETE", f"/datasets/{dataset}", SCIENTIST).status == 200

    trace = new_trace(server, experiment)
    claim = {"key": "mlflow.user", "value": "cleo"}
    for api, method, body in (
        ("2.0", "PATCH", claim),
        ("3.0", "PATCH", claim),
        ("2.0", "DELETE", {"key": "mlflow.user"}),
        ("3.0", "DELETE", {"key": "mlflow.user"}),
    ):
        answer = server.call(method, f"/api/{api}/mlflow/traces/{trace}/tags", COLLEAGUE, body=body)
        assert answer.status == 403, (api, method)
    ended = {"request_id": trace, "timestamp_ms": 1, "status": "OK", "request_metadata": [], "tags": [claim]}
    assert status(server, f"/traces/{trace}", ended, COLLEAGUE, "PATCH") == 403
    judgement = {
        "assessment_name": "good",
        "feedback": {"value": True},
        "source": {"source_type": "HUMAN", "source_id": "ceo"},
        "metadata": {"mlflow.user": "ceo"},
    }
    path = f"/traces/{trace}/assessments"
    made = call("POST", path, SCIENTIST, {"assessment": judgement})
    assert made.status == 200, made
    found = made.body["assessment"]
    assert (found["source"]["source_id"], found["metadata"]["mlflow.user"]) == ("sam", "sam")
    one = f"{path}/{found['assessment_id']}"
    rewrite = {"assessment": {"rationale": "no"}, "update_mask": "rationale"}
    assert call("PATCH", one, COLLEAGUE, rewrite).status == 403
    claim = {"assessment": {"metadata": {"mlflow.user": "cleo"}}, "update_mask": "metadata"}
    assert call("PATCH", one, SCIENTIST, claim).status == 403
    assert call("PATCH", one, SCIENTIST, rewrite).status == 200
    assert call("DELETE", one, COLLEAGUE).status == 403
    assert call("DELETE", one, SCIENTIST).status == 200

    issue = {"name": "i", "description": "d", "experiment_id": experiment}
    for named in ({"created_by": "ceo"}, {"createdBy": "ceo"}, {}):
        made = call("POST", "/issues", SCIENTIST, {**issue, **named})
        assert (made.status, made.body.get("issue", {}).get("created_by")) == (200, "sam"), made


def new_trace(server: Server, experiment: str) -> str:
    identity = "tr-" + "0" * 31 + "1"
    info = {
        "trace_id": identity,
        "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}},
        "request_time": "2026-01-01T00:00:00Z",
        "execution_duration": "1s",
        "state": "OK",
        "tags": {"mlflow.user": "ceo"},
    }
    made = server.call("POST", "/api/3.0/mlflow/traces", SCIENTIST, body={"trace": {"trace_info": info}})
    assert made.status == 200, made
    assert made.body["trace"]["trace_info"]["tags"]["mlflow.user"] == "sam"
    return identity


def test_tags_of_models_and_versions(server: Server, experiment: str) -> None:
    run = new_run(server, experiment)["info"]["run_id"]
    for key in ("approval", "Approval.by", "mlflow.prompt.is_prompt"):
        tag = {"key": key, "value": "false"}
        assert status(server, "/registered-models/create", {"name": f"m {key}", "tags": [tag]}) == 403
    ok(server, "/registered-models/create", {"name": "m"})
    source = {"name": "m", "source": f"runs:/{run}/model", "run_id": run}
    approval = {"key": "approval.by", "value": "sam"}
    for body in ({**source, "tags": [approval]}, {"name": "m", "source": source["source"], "tags": [approval]}):
        assert status(server, "/model-versions/create", body) == 403
    ok(server, "/model-versions/create", source)
    for caller in (SCIENTIST, ADMIN, APPROVER):
        marker = {"name": "m", "key": "mlflow.prompt.is_prompt", "value": "true"}
        assert status(server, "/registered-models/set-tag", marker, caller) == 403
        assert status(server, "/registered-models/delete-tag", marker, caller, "DELETE") == 403
    assert status(server, "/registered-models/set-tag", {"name": "m", "key": "approval", "value": "x"}) == 403
    version = {"name": "m", "version": "1", "key": "approval", "value": "yes"}
    assert status(server, "/model-versions/set-tag", version) == 403
    assert status(server, "/model-versions/set-tag", version, APPROVER) == 200
    assert status(server, "/registered-models/alias", {"name": "m", "alias": "prod", "version": "1"}, APPROVER) == 200


def test_an_approval_is_recorded(server: Server, experiment: str) -> None:
    run = new_run(server, experiment)["info"]["run_id"]
    file = f"/api/2.0/{PROXY}/{experiment}/{run}/artifacts/model/sub/model.pkl"
    assert server.call("PUT", file, SCIENTIST, body=b"weights").status == 200
    ok(server, "/registered-models/create", {"name": "recorded"})
    # A tag that makes a version look like a prompt's takes no file out of the record.
    disguise = [{"key": "mlflow.prompt.text", "value": "hello"}]
    version = {"name": "recorded", "source": f"runs:/{run}/model", "run_id": run, "tags": disguise}
    ok(server, "/model-versions/create", version)
    given = {"name": "recorded", "alias": "prod", "version": "1"}

    def approval() -> Any:
        path = f"{API}/model-versions/get?name=recorded&version=1"
        tags = server.call("GET", path, SCIENTIST).body["model_version"].get("tags", [])
        return {tag["key"]: json.loads(tag["value"]) for tag in tags if tag["key"].startswith("approval")}

    assert status(server, "/registered-models/alias", given) == 403
    assert approval() == {}
    ok(server, "/registered-models/alias", given, APPROVER)
    found = approval()["approval.alias.prod"]
    weights = "sha256:" + hashlib.sha256(b"weights").hexdigest()
    assert found.pop("at").startswith("20")
    digest = "sha256:" + hashlib.sha256(json.dumps(found["files"], separators=(",", ":")).encode()).hexdigest()
    files = [["sub/model.pkl", 7, weights]]
    assert found == {"by": "ann", "digest": digest, "count": 1, "bytes": 7, "files": files}
    forged = {"name": "recorded", "version": "1", "key": "approval.alias.prod", "value": "{}"}
    for caller in (SCIENTIST, APPROVER, ADMIN):
        assert status(server, "/model-versions/set-tag", forged, caller) == 403
        assert status(server, "/model-versions/delete-tag", forged, caller, "DELETE") == 403
    ok(server, "/registered-models/alias", given, APPROVER, "DELETE")
    assert {"by": "ann", "withdrawn": True}.items() <= approval()["approval.alias.prod"].items()
    missing = {**given, "version": "7"}
    assert status(server, "/registered-models/alias", missing, APPROVER) == 404


def test_an_approval_by_stage_is_recorded(server: Server, experiment: str) -> None:
    ok(server, "/registered-models/create", {"name": "staged"})
    for version in ("1", "2"):
        run = new_run(server, experiment)["info"]["run_id"]
        file = f"/api/2.0/{PROXY}/{experiment}/{run}/artifacts/model/model.pkl"
        assert server.call("PUT", file, SCIENTIST, body=version.encode()).status == 200
        ok(server, "/model-versions/create", {"name": "staged", "source": f"runs:/{run}/model", "run_id": run})

    def records(version: str) -> Any:
        path = f"{API}/model-versions/get?name=staged&version={version}"
        tags = server.call("GET", path, SCIENTIST).body["model_version"].get("tags", [])
        return {tag["key"]: json.loads(tag["value"]) for tag in tags if tag["key"].startswith("approval")}

    def move(version: str, stage: str, caller: str = APPROVER, **more: Any) -> int:
        body = {"name": "staged", "version": version, "stage": stage, **more}
        return status(server, "/model-versions/transition-stage", body, caller)

    # MLflow takes a stage in any case.
    assert move("1", "Production", SCIENTIST) == 403
    assert records("1") == {}
    assert move("1", "pRoduction") == 200
    found = records("1")
    assert list(found) == ["approval.stage.production"]
    weights = "sha256:" + hashlib.sha256(b"1").hexdigest()
    assert (found["approval.stage.production"]["by"], found["approval.stage.production"]["files"]) == (
        "ann",
        [["model.pkl", 1, weights]],
    )
    forged = {"name": "staged", "version": "1", "key": "approval.stage.production", "value": "{}"}
    for caller in (SCIENTIST, APPROVER, ADMIN):
        assert status(server, "/model-versions/set-tag", forged, caller) == 403
        assert status(server, "/model-versions/delete-tag", forged, caller, "DELETE") == 403
    # The next version takes the place of the first, whose approval ends with that.
    assert move("2", "Production", archive_existing_versions=True) == 200
    assert "files" in records("2")["approval.stage.production"]
    withdrawn = {"by": "ann", "withdrawn": True}
    assert withdrawn.items() <= records("1")["approval.stage.production"].items()
    assert move("2", "Staging") == 200
    found = records("2")
    assert withdrawn.items() <= found["approval.stage.production"].items()
    assert "files" in found["approval.stage.staging"]
    assert move("2", "Archived") == 200
    assert withdrawn.items() <= records("2")["approval.stage.staging"].items()
    before = records("1"), records("2")
    assert move("2", "Live") == 400
    assert move("7", "Production") == 404
    assert (records("1"), records("2")) == before


def test_an_alias_that_moves_ends_the_approval_it_was(server: Server, experiment: str) -> None:
    run = new_run(server, experiment)["info"]["run_id"]
    ok(server, "/registered-models/create", {"name": "moved"})
    for _ in range(2):
        ok(server, "/model-versions/create", {"name": "moved", "source": f"runs:/{run}/model", "run_id": run})
    for version in ("1", "2"):
        ok(server, "/registered-models/alias", {"name": "moved", "alias": "prod", "version": version}, APPROVER)
    versions = server.call("GET", f"{API}/model-versions/search?filter=name%3D'moved'", SCIENTIST).body
    said = {
        each["version"]: {tag["key"]: json.loads(tag["value"]) for tag in each["tags"]}["approval.alias.prod"]
        for each in versions["model_versions"]
    }
    assert (said["1"].get("withdrawn"), said["2"].get("withdrawn")) == (True, None)


def test_either_spelling_and_any_type_of_content(server: Server, experiment: str) -> None:
    """MLflow reads a body whatever its type is said to be, and a field in either spelling."""
    ok(server, "/registered-models/create", {"name": "spelled"})
    forbidden = [
        ("POST", "/registered-models/set-tag", {"name": "spelled", "key": "approval", "value": "x"}),
        ("POST", "/registered-models/set-tag", {"name": "spelled", "key": "mlflow.prompt.is_prompt", "value": "true"}),
        ("DELETE", "/registered-models/delete-tag", {"name": "spelled", "key": "mlflow.prompt.is_prompt"}),
        ("POST", "/model-versions/create", {"name": "spelled", "tags": [{"key": "approval.by", "value": "x"}]}),
    ]
    for method, path, body in forbidden:
        for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded", "application/json; x=y"):
            for text in (json.dumps(body), json.dumps(json.dumps(body))):
                for prefix in ("/api", "/ajax-api"):
                    answer = server.call(
                        method,
                        f"{prefix}/2.0/mlflow{path}?name=spelled&key=free",
                        SCIENTIST,
                        body=text.encode(),
                        headers=(("Content-Type", kind),),
                    )
                    assert answer.status >= 400, (path, kind, text, answer)
    found = server.call("GET", f"{API}/registered-models/get?name=spelled", SCIENTIST).body["registered_model"]
    assert not found.get("tags")
    for named in ({"userId": "ceo"}, {"user_id": "ceo", "userId": "ceo"}):
        for kind in ("text/plain", "application/octet-stream"):
            text = json.dumps({"experiment_id": experiment, **named}).encode()
            headers = (("Content-Type", kind),)
            made = server.call("POST", API + "/runs/create", SCIENTIST, body=text, headers=headers)
            assert made.status >= 400 or made.body["run"]["info"]["user_id"] == "sam", made


def test_graphql_shows_what_the_persona_may_read(server: Server, experiment: str) -> None:
    run = new_run(server, experiment)["info"]["run_id"]
    watcher = arn("gatehouse-vision-watcher", "wim")

    def ask(query: str, caller: str = watcher) -> int:
        return server.call("POST", "/graphql", caller, body={"query": query}).status

    one = f'mlflowGetRun(input: {{runId: "{run}"}})'
    allowed = (f"{{{one} {{run {{info {{runName}}}}}}}}", "{__typename}", '{test(inputString: "x") {output}}')
    hidden = (
        f'{{mlflowGetExperiment(input: {{experimentId: "{experiment}"}}) {{experiment {{name}}}}}}',
        "{a: mlflowSearchModelVersions(input: {}) {modelVersions {name}}}",
        f"{{{one} {{run {{modelVersions {{name}}}}}}}}",
        f"{{{one} {{run {{...F}}}}}} fragment F on MlflowRunExtension {{x: modelVersions {{name}}}}",
        f"{{{one} {{run {{... on MlflowRunExtension {{experiment {{name}}}}}}}}}}",
        f'mutation {{mlflowSearchDatasets(input: {{experimentIds: ["{experiment}"]}}) {{datasetSummaries {{name}}}}}}',
        "query A {__typename} query B {mlflowSearchModelVersions(input: {}) {modelVersions {name}}}",
        "{mlflowOfTomorrow {name}}",
    )
    assert [ask(query) for query in allowed] == [200] * len(allowed)
    assert [ask(query) for query in hidden] == [403] * len(hidden)
    assert [ask(query, SCIENTIST) for query in hidden[:-1]] == [200] * (len(hidden) - 1)


def test_graphql_holds_no_field_that_nobody_classified() -> None:
    from mlflow.server.graphql.graphql_schema_extensions import schema

    kinds = schema.graphql_schema
    assert kinds.query_type is not None
    assert kinds.mutation_type is not None
    fields = {*kinds.query_type.fields, *kinds.mutation_type.fields} - {"test", "testMutation"}
    nested = set(kinds.type_map["MlflowRunExtension"].fields) - {"info", "data", "inputs", "outputs"}
    assert set(NEEDS) == fields | nested


def test_a_trace_brings_no_judgement_of_who_may_not_judge(server: Server, experiment: str) -> None:
    info = {
        "trace_id": "tr-" + "0" * 31 + "2",
        "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}},
        "request_time": "2026-01-01T00:00:00Z",
        "state": "OK",
    }
    watcher = arn("gatehouse-vision-watcher", "wim")
    judged = {**info, "assessments": [{"assessment_name": "good", "feedback": {"value": True}}]}
    for said, expected in ((judged, 403), (info, 200)):
        answer = server.call("POST", "/api/3.0/mlflow/traces", watcher, body={"trace": {"trace_info": said}})
        assert answer.status == expected, answer


def test_foreign_sources(server: Server) -> None:
    ok(server, "/registered-models/create", {"name": "foreign"})
    for source in ("s3://bucket/other", "file:///etc", "/etc", "https://x.example/m", "S3://bucket/other", ""):
        assert status(server, "/model-versions/create", {"name": "foreign", "source": source}) >= 400, source


def test_prompts_work(server: Server) -> None:
    marker = [{"key": "mlflow.prompt.is_prompt", "value": "true"}]
    text = [*marker, {"key": "mlflow.prompt.text", "value": "hello"}]
    ok(server, "/registered-models/create", {"name": "p", "tags": marker})
    ok(server, "/model-versions/create", {"name": "p", "source": "prompt-template", "tags": text})
    alias = {"name": "p", "alias": "prod", "version": "1"}
    path = f"{API}/model-versions/get?name=p&version=1"
    ok(server, "/registered-models/create", {"name": "not a prompt"})
    disguised = {"name": "not a prompt", "source": "prompt-template", "tags": text}
    assert status(server, "/model-versions/create", disguised) == 403
    assert status(server, "/registered-models/alias", alias, APPROVER) == 200
    tags = {tag["key"]: tag["value"] for tag in server.call("GET", path, SCIENTIST).body["model_version"]["tags"]}
    digest = "sha256:" + hashlib.sha256(b"hello").hexdigest()
    record = json.loads(tags["approval.alias.prod"])
    assert (record["digest"], record["settings"]) == (digest, "sha256:" + hashlib.sha256(b"{}").hexdigest())
    # What was approved is what it stays: a prompt's words are tags, which whoever approves could set.
    for key in ("mlflow.prompt.text", "_mlflow_prompt_type", "_mlflow_prompt_model_config"):
        tag = {"name": "p", "version": "1", "key": key, "value": "other"}
        for caller, expected in ((SCIENTIST, 403), (APPROVER, 403)):
            assert status(server, "/model-versions/set-tag", tag, caller) == expected
            assert status(server, "/model-versions/delete-tag", tag, caller, "DELETE") == expected
    note = {"name": "p", "version": "1", "key": "note", "value": "good"}
    assert status(server, "/model-versions/set-tag", note, APPROVER) == 200


def test_a_registered_folder_is_frozen(server: Server, experiment: str) -> None:
    run = new_run(server, experiment)["info"]["run_id"]
    root = f"{PROXY}/{experiment}/{run}/artifacts"

    def put(path: str, caller: str = SCIENTIST, api: str = "api", method: str = "PUT") -> int:
        body = b"x" if method == "PUT" else None
        return server.call(method, f"/{api}/2.0/{path}", caller, body=body).status

    assert put(f"{root}/model/model.pkl") == 200
    assert put(f"{root}/plots/a.png") == 200
    ok(server, "/registered-models/create", {"name": "frozen"})
    ok(server, "/model-versions/create", {"name": "frozen", "source": f"runs:/{run}/model", "run_id": run})
    bare = root.replace("/workspaces/vision", "")
    for caller in (SCIENTIST, COLLEAGUE):
        for api in ("api", "ajax-api"):
            for path in (f"{root}/model/model.pkl", f"{root}/model/new", f"{bare}/model/model.pkl"):
                assert put(path, caller, api) == 403, path
            for path in (f"{root}/model", f"{root}/model/model.pkl", root, f"{PROXY}/{experiment}/{run}"):
                assert put(path, caller, api, "DELETE") == 403, path
            for step in ("create", "complete", "abort"):
                at = f"/{api}/2.0/mlflow-artifacts/mpu/{step}/workspaces/vision/{experiment}/{run}/artifacts"
                for folder, name in (("/model", "model.pkl"), ("", "model/model.pkl")):
                    answer = server.call("POST", at + folder, caller, body={"path": name, "upload_id": "u"})
                    assert answer.status == 403, (step, folder)
            upload = f"/ajax-api/2.0/mlflow/upload-artifact?run_uuid={run}&path=model/model.pkl"
            assert server.call("POST", upload, caller, body=b"x").status == 403
            url = {"run_id": run, "path": "model/model.pkl"}
            assert (
                server.call("POST", f"/{api}/2.0/mlflow/artifacts/presigned-upload-url", caller, body=url).status == 403
            )
    assert put(f"{root}/plots/b.png") == 200
    assert server.call("GET", f"/api/2.0/{root}/model/model.pkl", SCIENTIST).body == b"x"
    assert status(server, "/runs/delete", {"run_id": run}) == 403
    assert put(f"{root}/model/model.pkl", SPEECH) == 403
    assert put(f"{root}/model/model.pkl", ADMIN) == 200


def test_no_upload_in_parts_is_named_as_a_way_out_of_its_folder(server: Server, experiment: str) -> None:
    run = new_run(server, experiment)["info"]["run_id"]
    at = f"/api/2.0/mlflow-artifacts/mpu/create/workspaces/vision/{experiment}/{run}/artifacts"

    def create(name: str, caller: str) -> int:
        return server.call("POST", at, caller, body={"path": name, "num_parts": 1}).status

    for caller in (SCIENTIST, ADMIN):
        for name in ("..", ".", "x/..", "%2e%2e", "..%2f..%2fx", "%252e%252e%255cx", "a\\..\\b"):
            assert create(name, caller) == 400, name
        # Files of a server without S3 take no parts: the answer to whatever isn't refused.
        for name in ("/home/sam/../model.pkl", "a..b", "...", "a b.txt"):
            assert create(name, caller) == 501, name


def test_a_ready_logged_model_is_frozen(server: Server, experiment: str) -> None:
    made = ok(server, "/logged-models", {"experiment_id": experiment, "name": "lm"})["model"]
    model = made["info"]["model_id"]
    assert {"key": "mlflow.user", "value": "sam"} in made["info"]["tags"]
    file = f"/api/2.0/{PROXY}/{experiment}/models/{model}/artifacts/model.pkl"
    assert server.call("PUT", file, SCIENTIST, body=b"x").status == 200
    finished = {"model_id": model, "status": "LOGGED_MODEL_READY"}
    assert status(server, f"/logged-models/{model}", finished, method="PATCH") == 200
    for back in ("LOGGED_MODEL_PENDING", "LOGGED_MODEL_UPLOAD_FAILED", 1, 3):
        assert status(server, f"/logged-models/{model}", {"model_id": model, "status": back}, method="PATCH") == 403
    for caller in (SCIENTIST, COLLEAGUE):
        assert server.call("PUT", file, caller, body=b"y").status == 403
        assert server.call("DELETE", file, caller).status == 403
        assert server.call("DELETE", file.partition("/models/")[0] + "/models", caller).status == 403
    assert server.call("GET", file, SCIENTIST).body == b"x"
    assert server.call("DELETE", f"{API}/logged-models/{model}", COLLEAGUE).status == 403
    assert server.call("DELETE", f"{API}/logged-models/{model}", SCIENTIST).status == 200
