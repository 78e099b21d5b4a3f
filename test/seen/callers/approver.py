"""An approver: decides what serves, and can neither register nor run."""

from mlflow import MlflowClient
from steps import step

EXPERIMENT, MODEL = "first light", "house prices"
client = MlflowClient()

step("read the version", lambda: client.get_model_version(MODEL, "1").status)
step("set an alias", lambda: client.set_registered_model_alias(MODEL, "champion", "1"))
step("find the version by its alias", lambda: client.get_model_version_by_alias(MODEL, "champion").version)
step("set a tag of the version", lambda: client.set_model_version_tag(MODEL, "1", "approval", "approved"))
step("delete the tag", lambda: client.delete_model_version_tag(MODEL, "1", "approval"))
step("delete the alias", lambda: client.delete_registered_model_alias(MODEL, "champion"))
step("set the alias again", lambda: client.set_registered_model_alias(MODEL, "champion", "1"))
step("register a model", lambda: client.create_registered_model("of the approver"))
step("register a version", lambda: client.create_model_version(MODEL, "models:/house prices/1"))
step("create a run", lambda: client.create_run(client.get_experiment_by_name(EXPERIMENT).experiment_id))
step("delete the version", lambda: client.delete_model_version(MODEL, "1"))
step("rename the model", lambda: client.rename_registered_model(MODEL, "other"))
