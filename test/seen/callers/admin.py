"""An admin of the workspace: deletes, and doesn't reach beyond it."""

import mlflow
from mlflow import MlflowClient
from mlflow.utils.rest_utils import http_request
from steps import step

EXPERIMENT, MODEL = "first light", "house prices"
client = MlflowClient()
credentials = client._tracking_client.store.get_host_creds


def raw(method: str, path: str, **more) -> int:
    response = http_request(credentials(), path, method, raise_on_status=False, **more)
    response.raise_for_status()
    return response.status_code


step("delete the alias", lambda: client.delete_registered_model_alias(MODEL, "champion"))
step("delete the version", lambda: client.delete_model_version(MODEL, "1"))
step("delete the model", lambda: client.delete_registered_model(MODEL))


def delete_run() -> None:
    [run] = mlflow.search_runs(experiment_names=[EXPERIMENT], output_format="list")
    client.delete_run(run.info.run_id)


step("delete the run", delete_run)
step("delete the experiment", lambda: client.delete_experiment(client.get_experiment_by_name(EXPERIMENT).experiment_id))
step("create a workspace", lambda: raw("POST", "/api/3.0/mlflow/workspaces", json={"name": "other"}))
step("create a user", lambda: raw("POST", "/api/2.0/mlflow/users/create", json={"username": "x", "password": "y" * 12}))
step(
    "make himself administrator",
    lambda: raw("PATCH", "/api/2.0/mlflow/users/update-admin", json={"username": "dan@acme.example", "is_admin": True}),
)
