"""What happens exactly once, in the process that starts the workers: tables, MLflow's admin user, workspaces and roles.

MLflow does its share of this only for an application of the name `basic-auth`; an application of another name has to
do it itself.
"""

import os
import secrets

from gatehouse_mlflow import database, prepare
from gatehouse_mlflow.environment import ServerPlan
from gatehouse_mlflow.seed import seed


def bootstrap(plan: ServerPlan) -> None:
    """Afterwards workers find everything in place and only open the database."""
    database.install(os.environ)
    os.environ["MLFLOW_ENABLE_WORKSPACES"] = "true"
    # MLflow wants a password for the admin it creates. Nobody ever learns it, and no password is accepted anywhere.
    # It is read when the auth application is first imported, which the migration of its tables does too.
    os.environ["MLFLOW_AUTH_ADMIN_PASSWORD"] = secrets.token_urlsafe(32)
    try:
        prepare.tables(plan)
        from mlflow.server import auth
    finally:
        del os.environ["MLFLOW_AUTH_ADMIN_PASSWORD"]
    from mlflow.environment_variables import _MLFLOW_AUTH_ADMIN_BOOTSTRAPPED
    from mlflow.server.handlers import initialize_backend_stores
    from mlflow.server.workspace_helpers import _get_workspace_store

    # The same call with the same values as in `mlflow server`, which finds the stores made and goes on.
    initialize_backend_stores(plan.database, plan.database, "mlflow-artifacts:/")
    auth.get_flask_server_secret_key()
    auth.bootstrap_admin_user()
    seed(plan.access, auth.store, _get_workspace_store(tracking_uri=plan.database))
    auth.store.engine.dispose()
    # What MLflow's own bootstrap tells its workers, so that they don't repeat it.
    os.environ[_MLFLOW_AUTH_ADMIN_BOOTSTRAPPED.name] = "true"
