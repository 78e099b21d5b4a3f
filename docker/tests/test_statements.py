"""What the gate costs the database: nothing, for a person it has seen lately."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import KEY, PROOF, access_of, arn, sign
from flask import Flask
from mlflow.server.auth.sqlalchemy_store import SqlAlchemyStore
from sqlalchemy import event
from sqlalchemy.engine import Engine
from test_gate import Recorder, answers
from test_users import Workspaces

from gatehouse_mlflow.actor import check_request, current_actor
from gatehouse_mlflow.catalogue import read_catalogue
from gatehouse_mlflow.gate import Gate
from gatehouse_mlflow.seed import seed
from gatehouse_mlflow.settings import GateSettings
from gatehouse_mlflow.users import Users

SEARCH = "/api/2.0/mlflow/runs/search"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlAlchemyStore]:
    store = SqlAlchemyStore()
    store.init_db(f"sqlite:///{tmp_path / 'auth.db'}")
    seed(access_of(), store, Workspaces())
    yield store
    store.engine.dispose()


@pytest.fixture
def statements() -> Iterator[list[str]]:
    """Every statement of every engine in this process."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


class Checked(Recorder):
    """MLflow's place, with our check as Flask runs it before the handler."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        actor = current_actor.get()
        assert actor is not None
        with Flask("mlflow").test_request_context(SEARCH, method="POST", json={"experiment_ids": ["1"]}):
            assert check_request() is None
        await super().__call__(scope, receive, send)


@pytest.mark.parametrize("door", ["code", "browser"])
def test_no_statement_for_a_known_person(store: SqlAlchemyStore, statements: list[str], door: str) -> None:
    now = [0.0]
    users = Users(store, clock=lambda: now[0])
    gate = Gate(Checked(), GateSettings(access_of(), (PROOF.encode(),), (KEY.encode(),), ""), read_catalogue(), users)

    def ask(path: str = SEARCH) -> int:
        said = (
            (b"x-gatehouse-caller", arn("gatehouse-vision-reader", "ada").encode())
            if door == "code"
            else (b"x-gatehouse-assertion", sign().encode())
        )
        (start, _) = answers(gate, path, [(b"x-gatehouse-proof", PROOF.encode()), said], "POST")
        return start["status"]

    assert ask() == 200
    assert len(statements) > 3
    statements.clear()
    for _ in range(50):
        assert ask() == 200
    assert statements == []
    now[0] = 61
    assert ask() == 200
    # A look at the user and his roles, once a minute.
    assert 0 < len(statements) < 25
