"""What the tests share: one access setting, its secrets, and the signing that the authorizer does."""

import base64
import hashlib
import hmac
import json
import time
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
