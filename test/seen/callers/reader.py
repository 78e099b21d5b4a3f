"""A reader: sees what the scientist logged, and is refused every write."""

import sys
import tempfile
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric
from steps import step

EXPERIMENT, MODEL = "first light", "house prices"
client = MlflowClient()
file = Path(tempfile.mkdtemp()) / "x.txt"
file.write_text("x")


def run_of_the_scientist() -> str:
    experiment = client.get_experiment_by_name(EXPERIMENT)
    [run] = client.search_runs([experiment.experiment_id])
    assert run.data.metrics["loss"] == 0.25
    return run.info.run_id


run_id = step("read the run", run_of_the_scientist) or sys.exit("no run to look at")
step("read its artifact", lambda: Path(client.download_artifacts(run_id, "notes.txt")).read_text())
step("list its artifacts", lambda: [item.path for item in client.list_artifacts(run_id)])
step("read the metric's history", lambda: len(client.get_metric_history(run_id, "loss")))
step("load the model", lambda: mlflow.sklearn.load_model(f"models:/{MODEL}/1").predict([[2]])[0])
step(
    "search traces",
    lambda: len(mlflow.search_traces(locations=[client.get_experiment_by_name(EXPERIMENT).experiment_id])),
)

step("create an experiment", lambda: client.create_experiment("of the reader"))
step("create a run", lambda: client.create_run(client.get_experiment_by_name(EXPERIMENT).experiment_id))
step("log a metric", lambda: client.log_metric(run_id, "loss", 0.0))
step("log a batch", lambda: client.log_batch(run_id, metrics=[Metric("loss", 0.0, 0, 2)]))
step("set a tag", lambda: client.set_tag(run_id, "a", "b"))
step("write an artifact", lambda: client.log_artifact(run_id, str(file)))
step("delete the run", lambda: client.delete_run(run_id))
step("register a model", lambda: client.create_registered_model("of the reader"))
step("register a version", lambda: client.create_model_version(MODEL, f"runs:/{run_id}/model", run_id))
step("set an alias", lambda: client.set_registered_model_alias(MODEL, "champion", "1"))
step("delete the model", lambda: client.delete_registered_model(MODEL))
step("delete the experiment", lambda: client.delete_experiment(client.get_experiment_by_name(EXPERIMENT).experiment_id))


@mlflow.trace(name="of the reader")
def answer() -> str:
    return "because"


def traced() -> None:
    mlflow.set_experiment(EXPERIMENT)
    before = len(mlflow.search_traces())
    answer()
    assert len(mlflow.search_traces()) == before, "the reader's trace was taken"


step("see no trace of his own", traced)
