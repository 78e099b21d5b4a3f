"""What MLflow loads through entry points."""

import os

from mlflow.environment_variables import MLFLOW_TRACKING_AWS_SIGV4
from mlflow.tracking.request_auth.abstract_request_auth_provider import RequestAuthProvider
from mlflow.tracking.request_header.abstract_request_header_provider import RequestHeaderProvider

from mlflow_gatehouse.auth import GatehouseAuth
from mlflow_gatehouse.notices import say_once

NAME = "gatehouse"


class GatehouseAuthProvider(RequestAuthProvider):
    """Chosen by MLFLOW_TRACKING_AUTH=gatehouse."""

    def __init__(self) -> None:
        self._auth = GatehouseAuth()

    def get_name(self) -> str:
        """The name that MLFLOW_TRACKING_AUTH gives."""
        return NAME

    def get_auth(self) -> GatehouseAuth:
        """The auth object; it holds no state, so one serves every request."""
        return self._auth


class GatehouseHeaderProvider(RequestHeaderProvider):
    """Adds no header. MLflow asks it for every request, so it sees a setting that shuts the auth out."""

    def in_context(self) -> bool:
        """Never; warns once when MLflow's own SigV4 takes precedence over MLFLOW_TRACKING_AUTH=gatehouse."""
        if is_overruled():
            say_once(
                "sigv4",
                "MLFLOW_TRACKING_AWS_SIGV4 takes precedence over MLFLOW_TRACKING_AUTH=gatehouse, and fails on uploads, "
                "spaces and repeated parameters: unset MLFLOW_TRACKING_AWS_SIGV4",
            )
        return False

    def request_headers(self) -> dict[str, str]:
        """No headers."""
        return {}


def is_chosen() -> bool:
    """Whether MLFLOW_TRACKING_AUTH names this provider."""
    return os.environ.get("MLFLOW_TRACKING_AUTH") == NAME


def is_overruled() -> bool:
    """Whether this provider is chosen, but MLflow's own SigV4 shuts it out."""
    return is_chosen() and MLFLOW_TRACKING_AWS_SIGV4.get() is True
