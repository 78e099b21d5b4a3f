"""The caller's side of Gatehouse: MLflow's requests, signed for API Gateway with credentials that refresh."""

from mlflow_gatehouse.auth import GatehouseAuth
from mlflow_gatehouse.errors import CredentialsError, GatehouseError, RefusedError, SettingsError

__all__ = ["CredentialsError", "GatehouseAuth", "GatehouseError", "RefusedError", "SettingsError"]
