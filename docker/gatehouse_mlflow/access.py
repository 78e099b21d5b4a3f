"""`GATEHOUSE_ACCESS`: which central role is which persona, who belongs to which workspace, and what a persona may do
in MLflow."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PERSON = re.compile(r"[a-z0-9+=._@-]{2,64}")
# Source: MLflow `store/workspace/abstract_store.py`, WorkspaceNameValidator.
WORKSPACE = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])")
RESERVED_WORKSPACES = frozenset(("workspaces", "api", "ajax-api", "static-files"))

_PERSONA = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_ROLE = re.compile(r"[\w+=.@-]{1,64}", re.ASCII)
_PERMISSION = re.compile(r"[a-z_]+:[a-z]+")


@dataclass(frozen=True, slots=True)
class Persona:
    """`mlflow` maps a resource type of MLflow's RBAC to a permission on every such object of a workspace."""

    name: str
    mlflow: Mapping[str, str]
    is_admin: bool
    #: The catalogue's permissions, when the declaration gives them: then they are checked here too.
    permissions: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class CentralRole:
    """What a session of a central persona role is."""

    persona: str
    workspaces: tuple[str, ...]
    #: A machine's role, such as a pipeline's: the role acts, whoever names the session.
    service: bool = False


@dataclass(frozen=True, slots=True)
class Access:
    """The whole setting, checked: every name that one part uses is defined by another."""

    account: str
    roles: Mapping[str, CentralRole]
    workspaces: Mapping[str, frozenset[str]]
    personas: Mapping[str, Persona]


class Problems(list[str]):
    """Collects what is wrong, so that all of it is said at once."""

    def expect(self, condition: bool, sentence: str) -> bool:
        """Notes the sentence unless the condition holds; returns the condition."""
        if not condition:
            self.append(sentence)
        return condition


def read_access(text: str, problems: Problems) -> Access | None:
    """Parses the setting; None, and sentences in `problems`, when something is wrong with it."""
    before = len(problems)
    try:
        value = json.loads(text)
    except ValueError as error:
        problems.append(f"GATEHOUSE_ACCESS is not JSON: {error}")
        return None
    if not problems.expect(isinstance(value, dict), "GATEHOUSE_ACCESS must be a JSON object"):
        return None
    account = value.get("account")
    problems.expect(
        isinstance(account, str) and re.fullmatch(r"\d{12}", account) is not None,
        "GATEHOUSE_ACCESS.account must be the 12 digits of the central account, as text",
    )
    personas = _personas(_object(value, "personas", problems), problems)
    workspaces = _workspaces(_object(value, "workspaces", problems), problems)
    roles = _roles(_object(value, "roles", problems), personas, workspaces, problems)
    problems.expect(bool(personas), "GATEHOUSE_ACCESS.personas is empty; name at least one persona")
    problems.expect(bool(workspaces), "GATEHOUSE_ACCESS.workspaces is empty; name at least one workspace")
    return Access(account, roles, workspaces, personas) if len(problems) == before else None


def _object(value: Mapping[str, Any], name: str, problems: Problems) -> Mapping[str, Any]:
    found = value.get(name)
    return found if problems.expect(isinstance(found, dict), f"GATEHOUSE_ACCESS.{name} must be an object") else {}


def _personas(value: Mapping[str, Any], problems: Problems) -> dict[str, Persona]:
    personas = {}
    for name, persona in value.items():
        where = f"GATEHOUSE_ACCESS.personas.{name}"
        if not problems.expect(
            _PERSONA.fullmatch(name) is not None, f"{where}: a persona's name is 1 to 40 of a-z, 0-9 and `-`"
        ) or not problems.expect(isinstance(persona, dict), f"{where} must be an object"):
            continue
        grants, is_admin, permissions = persona.get("mlflow"), persona.get("isAdmin"), persona.get("permissions")
        sound = [
            problems.expect(
                isinstance(grants, dict) and all(isinstance(level, str) for level in grants.values()),
                f"{where}.mlflow must map resource types to permissions",
            ),
            problems.expect(isinstance(is_admin, bool), f"{where}.isAdmin must be true or false"),
            problems.expect(
                permissions is None
                or (_texts(permissions) and all(_PERMISSION.fullmatch(item) for item in permissions)),
                f"{where}.permissions must be a list of `entity:effect`",
            ),
        ]
        if all(sound):
            personas[name] = Persona(name, grants, is_admin, None if permissions is None else frozenset(permissions))
    return personas


def _workspaces(value: Mapping[str, Any], problems: Problems) -> dict[str, frozenset[str]]:
    workspaces = {}
    for name, groups in value.items():
        where = f"GATEHOUSE_ACCESS.workspaces.{name}"
        sound = problems.expect(
            WORKSPACE.fullmatch(name) is not None and name not in RESERVED_WORKSPACES,
            f"{where}: a workspace's name is 2 to 63 of a-z, 0-9 and inner `-`, and not a reserved one",
        )
        if problems.expect(groups is None or _texts(groups), f"{where} must be a list of groups or null") and sound:
            workspaces[name] = frozenset(groups or ())
    return workspaces


def _roles(
    value: Mapping[str, Any],
    personas: Mapping[str, Persona],
    workspaces: Mapping[str, frozenset[str]],
    problems: Problems,
) -> dict[str, CentralRole]:
    roles = {}
    for name, role in value.items():
        where = f"GATEHOUSE_ACCESS.roles.{name}"
        if not problems.expect(_ROLE.fullmatch(name) is not None, f"{where} is not the name of an IAM role"):
            continue
        if not problems.expect(isinstance(role, dict), f"{where} must be an object"):
            continue
        persona, own, service = role.get("persona"), role.get("workspaces"), role.get("service", False)
        sound = [
            problems.expect(
                isinstance(persona, str) and persona in personas,
                f"{where}.persona is not one of GATEHOUSE_ACCESS.personas",
            ),
            problems.expect(
                _texts(own) and all(item in workspaces for item in own),
                f"{where}.workspaces must be a list of names of GATEHOUSE_ACCESS.workspaces",
            ),
            problems.expect(isinstance(service, bool), f"{where}.service must be true or false"),
            problems.expect(
                service is not True or persona not in personas or not personas[persona].is_admin,
                f"{where}: a service can't be an admin of the platform",
            ),
        ]
        if all(sound):
            roles[name] = CentralRole(persona, tuple(own), service)
    return roles


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)
