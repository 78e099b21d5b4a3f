"""The caller's side of Gatehouse: MLflow's requests, signed for API Gateway with credentials that refresh."""

from typing import TYPE_CHECKING, Any

from mlflow_gatehouse.errors import CredentialsError, GatehouseError, RefusedError, SettingsError

if TYPE_CHECKING:
    from mlflow_gatehouse.auth import GatehouseAuth

__all__ = ["CredentialsError", "GatehouseAuth", "GatehouseError", "RefusedError", "SettingsError"]


def __getattr__(name: str) -> Any:
    # Every kernel imports this package at its start; MLflow, which takes a second to load, only when it is used.
    if name == "GatehouseAuth":
        from mlflow_gatehouse.auth import GatehouseAuth

        return GatehouseAuth
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
