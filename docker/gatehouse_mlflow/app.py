"""The `mlflow.app` plug-in: MLflow's own basic-auth application, unmodified, behind the gate."""

import os

from fastapi import FastAPI

from gatehouse_mlflow import database

# Before MLflow opens its first connection in this process.
database.install(os.environ)

from mlflow.server import auth  # noqa: E402

from gatehouse_mlflow.access_policy import AccessPolicy, policy_source  # noqa: E402
from gatehouse_mlflow.actor import check_request, complete_response, too_deep  # noqa: E402
from gatehouse_mlflow.catalogue import read_catalogue  # noqa: E402
from gatehouse_mlflow.decision import code_roles  # noqa: E402
from gatehouse_mlflow.gate import Gate  # noqa: E402
from gatehouse_mlflow.metrics import App, measured  # noqa: E402
from gatehouse_mlflow.settings import gate_settings  # noqa: E402
from gatehouse_mlflow.users import Users  # noqa: E402

_AUTHORIZE = "gatehouse_mlflow.actor:authorize"


def create_app() -> App:
    """Called once in every worker. Refuses to serve unless MLflow's authorization is on, is fed by us, and denies
    by default."""
    settings, catalogue = gate_settings(os.environ), read_catalogue()
    config = auth.auth_config
    if config.authorization_function != _AUTHORIZE or config.default_permission != "NO_PERMISSIONS":
        raise RuntimeError("MLflow's auth configuration is not Gatehouse's; start the server with `gatehouse-mlflow`")
    if config.grant_default_workspace_access or not auth.MLFLOW_ENABLE_WORKSPACES.get():
        raise RuntimeError("MLflow's workspaces are off or open to all; start the server with `gatehouse-mlflow`")
    if not auth.MLFLOW_BASIC_AUTH_FAIL_CLOSED.get():
        raise RuntimeError("MLFLOW_BASIC_AUTH_FAIL_CLOSED is off: routes without a decision would be open")
    application = auth.create_app()
    if not isinstance(application, FastAPI):
        raise RuntimeError("MLflow must be served by uvicorn: under gunicorn or waitress the gate would not be there")
    # After MLflow's own: only who may act on the object gets to hear what is wrong with his body.
    auth.app.before_request(check_request)
    auth.app.after_request(complete_response)
    auth.app.register_error_handler(RecursionError, too_deep)
    users = Users(auth.store, code_roles=code_roles(settings.access))

    def withdraw_revoked(policy: AccessPolicy) -> None:
        for person in sorted(policy.revoked_persons):
            users.withdraw(person)

    gate = Gate(application, settings, catalogue, users, policy_source(os.environ, withdraw_revoked))
    return measured(gate, os.environ)
