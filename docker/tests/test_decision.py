"""Which user of MLflow a session acts as, where, and when it may not act at all."""

import copy
from typing import Any

import pytest
from conftest import SETTING, access_of

from gatehouse_mlflow.access import Access
from gatehouse_mlflow.catalogue import parse_catalogue
from gatehouse_mlflow.decision import decide, find_route
from gatehouse_mlflow.identity import Session
from gatehouse_mlflow.refusal import Refused

CATALOGUE = parse_catalogue(
    [
        {"method": "GET", "path": "/version", "needs": "any"},
        {"method": "POST", "path": "/create", "needs": "experiment:write"},
        {"method": "POST", "path": "/users", "needs": "user:admin"},
        {"method": "GET", "path": "/closed", "needs": None},
    ]
)
VERSION, CREATE, USERS = (
    find_route(CATALOGUE, *call) for call in (("GET", "/version"), ("POST", "/create"), ("POST", "/users"))
)


def session(access: Access, *personas: str, workspaces: tuple[str, ...] = ("vision", "shared")) -> Session:
    return Session("ada", tuple(access.personas[name] for name in personas), workspaces)


def with_permissions(**permissions: list[str]) -> Access:
    setting: dict[str, Any] = copy.deepcopy(SETTING)
    for name, granted in permissions.items():
        setting["personas"][name.replace("_", "-")]["permissions"] = granted
    return access_of(setting)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 403), ("GET", "/closed", 403), ("HEAD", "/version", 405), ("OPTIONS", "/version", 405)],
)
def test_refuses_routes(method: str, path: str, status: int) -> None:
    with pytest.raises(Refused) as refused:
        find_route(CATALOGUE, method, path)
    assert refused.value.status == status


def test_workspaces(access: Access) -> None:
    reader = session(access, "reader")
    assert decide(access, reader, VERSION, None).workspace == "vision"
    assert decide(access, reader, VERSION, b"shared").workspace == "shared"
    for foreign in (b"speech", b"default", b"", b"Shared", b"vision,shared", b"\xff"):
        with pytest.raises(Refused) as refused:
            decide(access, reader, VERSION, foreign)
        assert refused.value.status == 403


def test_roles_are_personas_times_workspaces(access: Access) -> None:
    actor = decide(access, session(access, "reader", "scientist"), VERSION, None)
    assert actor.roles == {
        (workspace, role) for workspace in ("vision", "shared") for role in ("gatehouse-reader", "gatehouse-scientist")
    }
    assert (actor.username, actor.is_admin) == ("ada", False)


def test_platform_admin_has_his_own_user_and_every_workspace(access: Access) -> None:
    admin = session(access, "platform-admin", workspaces=())
    actor = decide(access, admin, VERSION, b"speech")
    assert (actor.username, actor.is_admin, actor.workspace) == ("ada#platform-admin", True, "speech")
    assert actor.roles == frozenset()
    assert decide(access, admin, VERSION, None).workspace == "vision"
    for wrong in (b"", b"api", b"No", b"a/b"):
        with pytest.raises(Refused):
            decide(access, admin, VERSION, wrong)


def test_ordinary_personas_win(access: Access) -> None:
    both = session(access, "platform-admin", "reader")
    assert decide(access, both, CREATE, None).username == "ada"
    declared = with_permissions(reader=["run:read"], platform_admin=["user:admin"])
    both = session(declared, "platform-admin", "reader")
    assert decide(declared, both, VERSION, None).username == "ada"
    assert decide(declared, both, USERS, None).username == "ada#platform-admin"
    with pytest.raises(Refused, match="experiment:write"):
        decide(declared, both, CREATE, None)


def test_an_admin_persona_without_declared_permissions_replaces_nobody() -> None:
    declared = with_permissions(reader=["run:read"])
    with pytest.raises(Refused, match="experiment:write"):
        decide(declared, session(declared, "platform-admin", "reader"), CREATE, None)


def test_declared_permissions_are_checked(access: Access) -> None:
    declared = with_permissions(reader=["run:read"], scientist=["experiment:write"])
    assert decide(declared, session(declared, "scientist"), CREATE, None).route is CREATE
    assert decide(declared, session(declared, "reader", "scientist"), CREATE, None).route is CREATE
    with pytest.raises(Refused, match="`experiment:write`, which `reader` does not grant"):
        decide(declared, session(declared, "reader"), CREATE, None)
