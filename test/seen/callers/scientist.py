"""A scientist's day with the stock client: runs, artifacts, a model, a trace, searches; and what he may not do."""

import tempfile
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from sklearn.linear_model import LinearRegression
from steps import step

EXPERIMENT, MODEL = "first light", "house prices"
client = MlflowClient()
folder = Path(tempfile.mkdtemp())


def train() -> str:
    mlflow.set_experiment(EXPERIMENT)
    with mlflow.start_run(run_name="of the scientist") as run:
        mlflow.log_param("depth", 3)
        mlflow.log_metric("loss", 0.5)
        mlflow.log_metric("loss", 0.25, step=1)
        return run.info.run_id


run_id = step("log a run", train)


def log_file(name: str, content: bytes) -> None:
    file = folder / name
    file.write_bytes(content)
    client.log_artifact(run_id, str(file))
    assert Path(client.download_artifacts(run_id, name)).read_bytes() == content


step("log an artifact", lambda: log_file("notes.txt", b"seen"))
step("log an artifact named with a space and an umlaut", lambda: log_file("wöchentliche notes.txt", b"seen too"))
step("log an empty artifact", lambda: log_file("empty.bin", b""))
step("log a file of 3 MB", lambda: log_file("large.bin", bytes(range(256)) * 12288))


def log_model() -> str:
    with mlflow.start_run(run_id=run_id):
        model = LinearRegression().fit([[0], [1]], [0, 1])
        info = mlflow.sklearn.log_model(
            model, name="model", registered_model_name=MODEL, pip_requirements=["scikit-learn"]
        )
        return info.model_uri


step("log and register a model", log_model)


@mlflow.trace(name="answer")
def answer(question: str) -> str:
    return question.upper()


step("log a trace", lambda: answer("why"))


def searches() -> str:
    found = mlflow.search_runs(
        experiment_names=[EXPERIMENT],
        filter_string="metrics.loss < 1 and params.depth = '3'",
        order_by=["metrics.loss ASC", "attributes.start_time DESC"],
    )
    models = client.search_registered_models(filter_string=f"name = '{MODEL}'", order_by=["name ASC"])
    traces = mlflow.search_traces()
    return f"{len(found)} {len(models)} {len(traces)}"


step("search with spaces and repeated keys", searches)
step("set an alias", lambda: client.set_registered_model_alias(MODEL, "champion", "1"))
step("transition a stage", lambda: client.transition_model_version_stage(MODEL, "1", "Production"))
step("set a tag of a version", lambda: client.set_model_version_tag(MODEL, "1", "approval", "approved"))
step("delete the model", lambda: client.delete_registered_model(MODEL))
step("rename the model", lambda: client.rename_registered_model(MODEL, "other"))
