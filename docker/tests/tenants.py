"""One of each entity in one team's workspace, and every call by which somebody could ask for it."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from conftest import arn
from server import Answer, Server

from gatehouse_mlflow.catalogue import Route, read_catalogue

#: Of the team that writes and of the one that must not see it. Admins: nothing but the tenant stands between them.
OWNER, STRANGER = arn("gatehouse-vision-admin", "adam"), arn("gatehouse-speech-admin", "silvia")
#: Names, which a request holds too.
NAME = "sekret"
#: Content, which no request holds: it can only come out of the store.
CONTENT = "hidden-treasure"

_V2, _V3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
_TRACE = "tr-" + "5e" * 16
_PARAMETER = re.compile(r"\{(\w+)\+?\}")

Ids = dict[str, str]


@dataclass(frozen=True)
class Call:
    """One way to ask one route."""

    route: Route
    path: str
    body: Any = None

    def by(self, server: Server, caller: str, *headers: tuple[str, str]) -> Answer:
        try:
            return server.call(self.route.method, self.path, caller, body=self.body, headers=headers)
        except TimeoutError as error:
            raise AssertionError(f"{self.route.method} {self.path} is not answered") from error


def plant(server: Server) -> Ids:
    """Writes everything as the owner; returns identifiers by the names that MLflow's requests have for them."""

    def make(path: str, body: Any, method: str = "POST") -> Any:
        answer = server.call(method, path, OWNER, body=body)
        assert answer.status == 200, (path, answer)
        return answer.body

    tag = {"key": "note", "value": CONTENT}
    experiment = make(f"{_V2}/experiments/create", {"name": NAME, "tags": [tag]})["experiment_id"]
    run = make(f"{_V2}/runs/create", {"experiment_id": experiment, "run_name": CONTENT, "tags": [tag]})["run"]["info"]
    run_id = run["run_id"]
    metric = {"run_id": run_id, "key": "loss", "value": 0.123456789, "timestamp": 1, "step": 0}
    make(f"{_V2}/runs/log-metric", metric)
    make(f"{_V2}/runs/log-parameter", {"run_id": run_id, "key": "secret", "value": CONTENT})
    dataset_input = {"dataset": {"name": CONTENT, "digest": "d", "source_type": "local", "source": "{}"}}
    make(f"{_V2}/runs/log-inputs", {"run_id": run_id, "datasets": [dataset_input]})
    folder = f"workspaces/vision/{experiment}/{run_id}/artifacts/model"
    make(f"/api/2.0/mlflow-artifacts/artifacts/{folder}/{NAME}.txt", CONTENT.encode(), "PUT")
    logged = make(
        f"{_V2}/logged-models", {"experiment_id": experiment, "name": NAME, "source_run_id": run_id, "tags": [tag]}
    )["model"]["info"]["model_id"]
    make(f"{_V2}/registered-models/create", {"name": NAME, "description": CONTENT})
    version = {"name": NAME, "source": f"runs:/{run_id}/model", "run_id": run_id, "description": CONTENT}
    make(f"{_V2}/model-versions/create", version)
    make(f"{_V2}/registered-models/alias", {"name": NAME, "alias": NAME, "version": "1"})
    marker = {"key": "mlflow.prompt.is_prompt", "value": "true"}
    make(f"{_V2}/registered-models/create", {"name": f"{NAME}-prompt", "tags": [marker]})
    text = {"key": "mlflow.prompt.text", "value": CONTENT}
    make(
        f"{_V2}/model-versions/create",
        {"name": f"{NAME}-prompt", "source": "prompt-template", "tags": [marker, text]},
    )
    info = {
        "trace_id": _TRACE,
        "trace_location": {"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}},
        "request_time": "2026-01-01T00:00:00Z",
        "execution_duration": "1s",
        "state": "OK",
        "request_preview": CONTENT,
        "tags": {"note": CONTENT},
    }
    make(f"{_V3}/traces", {"trace": {"trace_info": info}})
    judgement = {
        "assessment_name": NAME,
        "feedback": {"value": CONTENT},
        "source": {"source_type": "HUMAN", "source_id": "x"},
    }
    assessment = make(f"{_V3}/traces/{_TRACE}/assessments", {"assessment": judgement})["assessment"]["assessment_id"]
    dataset = make(
        f"{_V3}/datasets/create",
        {"name": NAME, "experiment_ids": [experiment], "tags": json.dumps({"note": CONTENT})},
    )["dataset"]["dataset_id"]
    records = json.dumps([{"inputs": {"question": CONTENT}, "expectations": {"answer": CONTENT}}])
    make(f"{_V3}/datasets/{dataset}/records", {"records": records})
    issue = make(f"{_V3}/issues", {"name": NAME, "description": CONTENT, "experiment_id": experiment})["issue"]
    schema = make(
        f"{_V3}/label-schemas/create",
        {
            "experiment_id": experiment,
            "name": NAME,
            "type": "FEEDBACK",
            "input": {"text": {}},
            "instruction": CONTENT,
        },
    )["label_schema"]["schema_id"]
    queue = make(
        f"{_V3}/review-queues/create",
        {"experiment_id": experiment, "name": NAME, "queue_type": "CUSTOM", "schema_ids": [schema]},
    )["review_queue"]["queue_id"]
    mcp = f"com.{NAME}/server"
    make(f"{_V3}/mcp-servers", {"name": mcp, "description": CONTENT})
    gateway = f"{_V3}/gateway"
    secret = make(
        f"{gateway}/secrets/create",
        {"secret_name": NAME, "secret_value": {"api_key": CONTENT}, "provider": "openai"},
    )["secret"]["secret_id"]
    definition = make(
        f"{gateway}/model-definitions/create",
        {"name": NAME, "secret_id": secret, "provider": "openai", "model_name": CONTENT},
    )["model_definition"]["model_definition_id"]
    linked = [{"model_definition_id": definition, "linkage_type": "PRIMARY"}]
    endpoint = make(f"{gateway}/endpoints/create", {"name": NAME, "model_configs": linked})["endpoint"]["endpoint_id"]
    return {
        "secret_id": secret,
        "model_definition_id": definition,
        "endpoint_id": endpoint,
        "experiment_id": experiment,
        "run_id": run_id,
        "run_uuid": run_id,
        "model_id": logged,
        "trace_id": _TRACE,
        "request_id": _TRACE,
        "assessment_id": assessment,
        "dataset_id": dataset,
        "issue_id": issue["issue_id"],
        "schema_id": schema,
        "queue_id": queue,
        "mcp": mcp,
        "artifact_path": f"{folder}/{NAME}.txt",
        "artifact_folder": folder,
    }


def calls(ids: Ids, *, reads: bool) -> Iterator[Call]:
    """Every open route of the catalogue, asked for what was planted: by path, by query, by body."""
    for route in read_catalogue().routes:
        if route.needs is None or route.path in ("/health", "/static-files/{path+}", "/graphql"):
            continue
        if reads != (route.needs == "any" or route.needs.endswith(":read")):
            continue
        for names in ({"name": NAME}, {"name": f"{NAME}-prompt"}):
            path = _filled(route.path, {**ids, **names})
            fields = _fields(ids, names["name"])
            if route.method == "GET":
                yield Call(route, f"{path}?{_query(fields)}")
            else:
                # MLflow's uploads say in the query what they are for, even with a body.
                yield Call(route, f"{path}?{_query(fields)}" if "upload" in path else path, fields)
            if not reads:
                break
        if route.method == "GET":
            yield Call(route, path)


def graphql(ids: Ids) -> Iterator[dict[str, str]]:
    """Every query and mutation of MLflow's schema."""
    run = f'runId: "{ids["run_id"]}"'
    experiments = f'experimentIds: ["{ids["experiment_id"]}"]'
    fields = "runs {info {runName runId} data {params {key value} tags {key value}}}"
    experiment = f'experimentId: "{ids["experiment_id"]}"'
    for query in (
        f"mlflowGetExperiment(input: {{{experiment}}}) {{experiment {{name tags {{value}}}}}}",
        f"mlflowGetRun(input: {{{run}}}) {{run {{info {{runName}} data {{params {{value}}}} modelVersions {{name}}}}}}",
        f'mlflowListArtifacts(input: {{{run}, path: "model"}}) {{files {{path}}}}',
        f"mlflowSearchRuns(input: {{{experiments}}}) {{{fields}}}",
        f"mlflowSearchModelVersions(input: {{filter: \"name='{NAME}'\"}}) {{modelVersions {{name description}}}}",
        "mlflowSearchModelVersions(input: {}) {modelVersions {name description}}",
        f"mlflowSearchDatasets(input: {{{experiments}}}) {{datasetSummaries {{name}}}}",
        f'mlflowGetMetricHistoryBulkInterval(input: {{runIds: ["{ids["run_id"]}"], metricKey: "loss"}}) '
        "{metrics {value}}",
    ):
        yield {"query": f"{'mutation' if 'Datasets' in query else 'query'} {{{query}}}"}


def _filled(template: str, ids: Ids) -> str:
    def value(found: re.Match[str]) -> str:
        name = found.group(1)
        if "/mcp-servers" in template:
            return {"name": ids["mcp"], "version": "1"}.get(name, NAME)
        return {"workspace_name": "vision", "version": "1", "tag_key": "note", "key": "note"}.get(
            name, ids.get(name, NAME)
        )

    return _PARAMETER.sub(value, template)


def _fields(ids: Ids, name: str) -> dict[str, Any]:
    """What any of MLflow's requests asks by; each ignores the fields it doesn't know."""
    experiment = ids["experiment_id"]
    return {
        **{key: value for key, value in ids.items() if key not in ("mcp", "artifact_path", "artifact_folder")},
        "name": name,
        "experiment_name": NAME,
        "version": "1",
        "alias": NAME,
        "path": f"model/{NAME}.txt",
        "metric_key": "loss",
        "key": "note",
        "value": "changed",
        "run_ids": [ids["run_id"]],
        "experiment_ids": [experiment],
        "trace_ids": [ids["trace_id"]],
        "request_ids": [ids["trace_id"]],
        "item_ids": [ids["trace_id"]],
        "locations": [{"type": "MLFLOW_EXPERIMENT", "mlflow_experiment": {"experiment_id": experiment}}],
        "max_results": 100,
        "workspace": "vision",
        "username": "adam",
        "user": "adam",
        "new_name": "taken",
        "description": "changed",
        "status": "FINISHED",
        "max_timestamp_millis": 1_900_000_000_000,
    }


def _query(fields: dict[str, Any]) -> str:
    from urllib.parse import urlencode

    flat = [
        (key, each)
        for key, value in fields.items()
        for each in (value if isinstance(value, list) else [value])
        if not isinstance(each, dict)
    ]
    return urlencode(flat)
