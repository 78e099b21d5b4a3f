"""Brings MLflow's workspaces and roles to what `GATEHOUSE_ACCESS` says: once at start, idempotent, safe when several
tasks start together."""

import time
from collections.abc import Mapping
from typing import Any

from mlflow.entities import Workspace
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from gatehouse_mlflow.access import Access
from gatehouse_mlflow.decision import ROLE_PREFIX, role_name

_EVERY_OBJECT = "*"
_ATTEMPTS = 5


def seed(access: Access, auth_store: Any, workspace_store: Any) -> None:
    """Each step looks before it writes; a step lost to another task's write is looked at again."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            _workspaces(access, workspace_store)
            _roles(access, auth_store)
            return
        except (MlflowException, SQLAlchemyError) as error:
            if attempt == _ATTEMPTS or not _may_be_a_race(error):
                raise
            time.sleep(0.2 * attempt)


def _may_be_a_race(error: Exception) -> bool:
    if not isinstance(error, MlflowException):
        return True
    return error.error_code in ("RESOURCE_ALREADY_EXISTS", "RESOURCE_DOES_NOT_EXIST", "TEMPORARILY_UNAVAILABLE") or (
        isinstance(error.__cause__, SQLAlchemyError)
    )


def _workspaces(access: Access, store: Any) -> None:
    existing = {workspace.name for workspace in store.list_workspaces()}
    for name in access.workspaces:
        if name not in existing:
            store.create_workspace(Workspace(name=name, description="declared by Gatehouse"))


def _roles(access: Access, store: Any) -> None:
    wanted = {
        (workspace, role_name(persona)): persona.mlflow
        for workspace in access.workspaces
        for persona in access.personas.values()
        # MLflow's admins skip its roles.
        if not persona.is_admin
    }
    existing = {(role.workspace, role.name): role for role in store.list_roles() if role.name.startswith(ROLE_PREFIX)}
    for (workspace, name), grants in wanted.items():
        role = existing.get((workspace, name)) or store.create_role(name, workspace, "declared by Gatehouse")
        _grants(store, role, grants)
    for key, role in existing.items():
        if key not in wanted:
            store.delete_role(role.id)


def _grants(store: Any, role: Any, wanted: Mapping[str, str]) -> None:
    kept: set[str] = set()
    for grant in store.list_role_permissions(role.id):
        if grant.resource_pattern != _EVERY_OBJECT or grant.resource_type not in wanted:
            store.remove_role_permission(grant.id)
            continue
        kept.add(grant.resource_type)
        if grant.permission != wanted[grant.resource_type]:
            store.update_role_permission(grant.id, wanted[grant.resource_type])
    for resource_type, permission in wanted.items():
        if resource_type not in kept:
            store.add_role_permission(role.id, resource_type, _EVERY_OBJECT, permission)
