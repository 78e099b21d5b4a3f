"""What the tests share: one access setting, its secrets, and the signing that the authorizer does."""

import base64
import copy
import hashlib
import hmac
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gatehouse_mlflow.access import Access, Problems, read_access

ACCOUNT = "111122223333"
PROOF = "proof-0123456789-0123456789-0123456789"
KEY = "key-0123456789-0123456789-0123456789-01"

_ALL = ("experiment", "registered_model", "prompt", "scorer")

SETTING: dict[str, Any] = {
    "account": ACCOUNT,
    "roles": {
        "gatehouse-vision-reader": {"persona": "reader", "workspaces": ["vision", "shared"]},
        "gatehouse-vision-scientist": {"persona": "scientist", "workspaces": ["vision", "shared"]},
        "gatehouse-speech-scientist": {"persona": "scientist", "workspaces": ["speech"]},
        "gatehouse-vision-admin": {"persona": "admin", "workspaces": ["vision"]},
        "gatehouse-central-platform-admin": {"persona": "platform-admin", "workspaces": []},
    },
    "workspaces": {"vision": ["team-vision"], "shared": None, "speech": ["team-speech"]},
    "personas": {
        "reader": {"mlflow": dict.fromkeys(_ALL, "READ"), "isAdmin": False},
        "scientist": {"mlflow": {**dict.fromkeys(_ALL, "EDIT"), "workspace": "USE"}, "isAdmin": False},
        "admin": {"mlflow": {"workspace": "MANAGE"}, "isAdmin": False},
        "platform-admin": {"mlflow": {}, "isAdmin": True},
    },
}


def arn(role: str, person: str, account: str = ACCOUNT) -> str:
    """What API Gateway puts into `context.identity.userArn` at the code door."""
    return f"arn:aws:sts::{account}:assumed-role/{role}/{person}"


def sign(key: str = KEY, **claims: Any) -> str:
    """An assertion as the Lambda authorizer makes it."""
    payload = {
        "sub": "ada",
        "personas": ["reader"],
        "groups": ["readers", "team-vision"],
        "exp": int(time.time()) + 300,
    }
    text = _base64(json.dumps({**payload, **claims}).encode())
    return f"{text}.{_base64(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest())}"


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def access_of(setting: dict[str, Any] = SETTING) -> Access:
    """The setting, parsed; a mistake in it fails the test."""
    problems = Problems()
    access = read_access(json.dumps(setting), problems)
    assert access is not None, problems
    return access


@pytest.fixture
def access() -> Access:
    """The shared access setting."""
    return access_of()


@pytest.fixture(scope="session")
def declared_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Real MLflow whose personas hold permissions, as the program declares them: one for all tests that don't mind
    what others wrote."""
    from server import running

    setting: dict[str, Any] = copy.deepcopy(SETTING)
    rows = json.loads((Path(__file__).parents[1] / "gatehouse_mlflow/catalogue.json").read_text())
    every = {row["needs"] for row in rows if row["needs"] not in (None, "any")}
    approving = sorted(each for each in every if each.endswith((":read", ":approve")))
    levels = dict.fromkeys(("experiment", "registered_model", "prompt", "scorer"), "EDIT")
    # As the program declares it: MLflow asks for MANAGE to take an alias away.
    models = {"registered_model": "MANAGE", "prompt": "MANAGE"}
    setting["personas"]["approver"] = {"mlflow": {**levels, **models}, "isAdmin": False, "permissions": approving}
    # Wider than the shipped scientist: what is refused below is refused by the body, not by the route.
    setting["personas"]["scientist"]["mlflow"] |= dict.fromkeys(levels, "MANAGE")
    setting["personas"]["scientist"]["permissions"] = sorted(every - {"model_version:approve"})
    # Reads runs and nothing else, whatever MLflow's own grants would let him see.
    setting["personas"]["watcher"] = {"mlflow": {**levels, "workspace": "USE"}, "isAdmin": False}
    setting["personas"]["watcher"]["permissions"] = ["run:read", "trace:write"]
    setting["roles"]["gatehouse-vision-watcher"] = {"persona": "watcher", "workspaces": ["vision"]}
    setting["roles"]["gatehouse-vision-approver"] = {"persona": "approver", "workspaces": ["vision"]}
    # Has what MLflow's own API of permissions gives him on single experiments.
    setting["personas"]["guest"] = {"mlflow": {"workspace": "USE"}, "isAdmin": False}
    setting["roles"]["gatehouse-vision-guest"] = {"persona": "guest", "workspaces": ["vision"]}
    with running(Path(tmp_path_factory.mktemp("declared")), GATEHOUSE_ACCESS=json.dumps(setting)) as started:
        yield started
