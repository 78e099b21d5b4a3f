"""Users and roles in MLflow's real auth store: made once, reconciled, whoever races."""

import copy
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import SETTING, access_of
from mlflow.entities import Workspace
from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore

from gatehouse_mlflow.access import Access
from gatehouse_mlflow.catalogue import Route
from gatehouse_mlflow.decision import Actor
from gatehouse_mlflow.seed import seed
from gatehouse_mlflow.users import Users

ROUTE = Route("GET", "/version", "any")


class Workspaces:
    """MLflow's workspace store, as far as seeding asks."""

    def __init__(self) -> None:
        self.names = ["default"]

    def list_workspaces(self) -> list[Workspace]:
        return [Workspace(name=name) for name in self.names]

    def create_workspace(self, workspace: Workspace) -> None:
        self.names.append(workspace.name)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlAlchemyStore]:
    store = SqlAlchemyStore()
    store.init_db(f"sqlite:///{Path(tmp_path_factory.mktemp('auth')) / 'auth.db'}")
    yield store
    store.engine.dispose()


@pytest.fixture
def store(empty: SqlAlchemyStore, access: Access) -> SqlAlchemyStore:
    seed(access, empty, Workspaces())
    return empty


def actor(name: str, *roles: tuple[str, str], is_admin: bool = False) -> Actor:
    return Actor(name, is_admin, "vision", frozenset(roles), ROUTE)


def held(store: SqlAlchemyStore, name: str) -> set[tuple[str, str]]:
    return {(role.workspace, role.name) for role in store.list_user_roles(store.get_user(name).id)}


def grants(store: SqlAlchemyStore) -> dict[tuple[str, str], dict[str, str]]:
    return {
        (role.workspace, role.name): {
            grant.resource_type: grant.permission for grant in store.list_role_permissions(role.id)
        }
        for role in store.list_roles()
    }


def test_seed_is_what_the_setting_says(empty: SqlAlchemyStore, access: Access) -> None:
    workspaces = Workspaces()
    for _ in range(2):
        seed(access, empty, workspaces)
        found = grants(empty)
        assert set(found) == {
            (workspace, f"gatehouse-{persona}")
            for workspace in ("vision", "shared", "speech")
            for persona in ("reader", "scientist", "admin")
        }
        assert found["vision", "gatehouse-scientist"] == SETTING["personas"]["scientist"]["mlflow"]
    assert workspaces.names == ["default", "vision", "shared", "speech"]


def test_changed_settings_are_reconciled(store: SqlAlchemyStore, access: Access) -> None:
    changed: dict[str, Any] = copy.deepcopy(SETTING)
    changed["personas"]["reader"]["mlflow"] = {"experiment": "EDIT", "prompt": "READ"}
    del changed["personas"]["admin"], changed["roles"]["gatehouse-vision-admin"]
    seed(access_of(changed), store, Workspaces())
    found = grants(store)
    assert found["vision", "gatehouse-reader"] == {"experiment": "EDIT", "prompt": "READ"}
    assert ("vision", "gatehouse-admin") not in found
    seed(access, store, Workspaces())
    assert grants(store)["vision", "gatehouse-reader"] == SETTING["personas"]["reader"]["mlflow"]


def test_tasks_seeding_together(store: SqlAlchemyStore, access: Access) -> None:
    for role in store.list_roles():
        store.delete_role(role.id)
    failures = in_parallel(4, lambda: seed(access, store, Workspaces()))
    assert failures == []
    assert len(grants(store)) == 9
    assert grants(store)["speech", "gatehouse-reader"] == SETTING["personas"]["reader"]["mlflow"]


def test_a_user_is_made_once_by_racing_workers(store: SqlAlchemyStore) -> None:
    workers = [Users(store) for _ in range(4)]
    ada = actor("ada", ("vision", "gatehouse-reader"), ("shared", "gatehouse-reader"))
    turn = iter(workers)
    assert in_parallel(4, lambda: next(turn).provide(ada)) == []
    assert [user.username for user in store.list_users() if user.username == "ada"] == ["ada"]
    assert held(store, "ada") == ada.roles
    assert not store.get_user("ada").is_admin


def test_sessions_add_up_and_only_the_admin_user_is_admin(store: SqlAlchemyStore) -> None:
    users = Users(store)
    users.provide(actor("bob", ("vision", "gatehouse-reader")))
    users.provide(actor("bob", ("vision", "gatehouse-scientist")))
    assert held(store, "bob") == {("vision", "gatehouse-reader"), ("vision", "gatehouse-scientist")}
    users.provide(actor("bob#platform-admin", is_admin=True))
    assert {user.username: user.is_admin for user in store.list_users() if user.username.startswith("bob")} == {
        "bob": False,
        "bob#platform-admin": True,
    }


def test_a_promotion_behind_our_back_is_undone(store: SqlAlchemyStore) -> None:
    now = [0.0]
    users = Users(store, clock=lambda: now[0])
    eve = actor("eve", ("vision", "gatehouse-reader"))
    users.provide(eve)
    store.update_user("eve", is_admin=True)
    assert users.knows(eve)
    now[0] = 61
    assert not users.knows(eve)
    users.provide(eve)
    assert not store.get_user("eve").is_admin


def test_what_an_admin_of_mlflow_gave_survives(store: SqlAlchemyStore, access: Access) -> None:
    """A role made through MLflow's own API, on one experiment: neither a start nor a visit takes it."""
    users = Users(store, code_roles=frozenset({("vision", "gatehouse-reader")}))
    users.provide(actor("olga", ("vision", "gatehouse-scientist"), ("shared", "gatehouse-reader")))
    role = store.create_role("labelling", "vision")
    store.add_role_permission(role.id, "experiment", "7", "EDIT")
    store.assign_role_to_user(store.get_user("olga").id, role.id)
    seed(access, store, Workspaces())
    now = replace(actor("olga", ("vision", "gatehouse-reader")), complete=True)
    users.provide(now)
    assert held(store, "olga") == {("vision", "gatehouse-reader"), ("vision", "labelling")}
    assert [(each.resource_pattern, each.permission) for each in store.list_role_permissions(role.id)] == [
        ("7", "EDIT")
    ]
    users.withdraw("olga")
    assert held(store, "olga") == {("vision", "labelling")}
    users.provide(now)
    assert ("vision", "gatehouse-reader") in held(store, "olga")


def test_a_missing_role_is_an_error(store: SqlAlchemyStore) -> None:
    users, lost = Users(store), actor("zoe", ("vision", "gatehouse-nothing"))
    with pytest.raises(Exception, match="not found"):
        users.provide(lost)
    assert not users.knows(lost)


def in_parallel(count: int, work: Any) -> list[Exception]:
    failures: list[Exception] = []

    def attempt() -> None:
        try:
            work()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=attempt) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures
