"""Changing the keys of what MLflow stores encrypted: with MLflow's own stores before and after."""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from server import environment

from gatehouse_mlflow.rekey import Rekeyed, RekeyError, StoredKeys, rekey

PASSPHRASES = {generation: str(generation) * 40 for generation in (1, 2, 3)}
FERNETS = {1: "A" * 43 + "=", 2: "B" * 42 + "A=", 3: "C" * 42 + "A="}

# MLflow reads the keys when it is imported: a process each.
WRITE = """
from mlflow.entities.webhook import WebhookAction, WebhookEntity, WebhookEvent
store.create_gateway_secret("openai", {"api_key": "sk-of-the-team"})
event = WebhookEvent(WebhookEntity.MODEL_VERSION_ALIAS, WebhookAction.CREATED)
registry.create_webhook("deploy", "https://1.1.1.1/deploy", [event], secret="hmac-of-the-team")
registry.create_webhook("silent", "https://1.1.1.1/silent", [event])
"""
READ = """
from mlflow.store.tracking.dbmodels.models import SqlGatewaySecret
from mlflow.utils.crypto import KEKManager, _decrypt_secret
with store.ManagedSessionMaker() as session:
    row = session.query(SqlGatewaySecret).one()
    value = _decrypt_secret(row.encrypted_value, row.wrapped_dek, KEKManager(), row.secret_id, row.secret_name)
print(json.dumps([value, {each.name: each.secret for each in registry.list_webhooks()}]))
"""
STORES = """
import json, sys
from mlflow.store.model_registry.sqlalchemy_store import SqlAlchemyStore as Registry
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
store, registry = SqlAlchemyStore(sys.argv[1], sys.argv[2]), Registry(sys.argv[1])
"""


def mlflow(folder: Path, code: str, generation: int) -> "subprocess.CompletedProcess[str]":
    environ = {"PATH": "/usr/bin:/bin", "HOME": str(folder), **keys(generation).environ()}
    return subprocess.run(
        [sys.executable, "-c", STORES + code, url(folder), str(folder)],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )


def migrated(folder: Path, generation: int) -> str:
    new, old = keys(generation).environ(), keys(generation - 1).environ()
    both = {name: f"{value} {old[name]}" for name, value in new.items() if name != "MLFLOW_CRYPTO_KEK_VERSION"}
    command = str(Path(sys.executable).with_name("gatehouse-mlflow"))
    done = subprocess.run(
        [command, "migrate"],
        env=environment(folder, 5000, **{**new, **both}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stderr


def url(folder: Path) -> str:
    return f"sqlite:///{folder}/mlflow.db"


def keys(generation: int) -> StoredKeys:
    before = generation - 1
    return StoredKeys(
        generation, PASSPHRASES[generation], PASSPHRASES.get(before, ""), FERNETS[generation], FERNETS.get(before, "")
    )


def test_what_is_stored_is_encrypted_anew_once_and_read_with_the_new_keys_alone(tmp_path: Path) -> None:
    written = mlflow(tmp_path, WRITE, 1)
    assert written.returncode == 0, written.stderr
    assert rekey(url(tmp_path), keys(1)) == Rekeyed(0, 0)

    with pytest.raises(RekeyError, match=r"`openai` is encrypted with generation 1, and .* is 3: it goes up by one"):
        rekey(url(tmp_path), keys(3))

    # As the container `migrate` of a new task does.
    log = migrated(tmp_path, 2)
    assert '"encrypted anew"' in log
    assert '"generation": 2, "apiKeys": 1, "webhooks": 1' in log
    assert rekey(url(tmp_path), keys(2)) == Rekeyed(0, 0)
    read = mlflow(tmp_path, READ, 2)
    assert read.returncode == 0, read.stderr
    value, webhooks = json.loads(read.stdout.splitlines()[-1])
    assert value == {"api_key": "sk-of-the-team"}
    assert webhooks == {"deploy": "hmac-of-the-team", "silent": None}

    with pytest.raises(RekeyError, match=r"`openai` is encrypted with generation 2, and .* is 1"):
        rekey(url(tmp_path), keys(1))
    wrong = StoredKeys(3, PASSPHRASES[3], "x" * 40, FERNETS[3], FERNETS[2])
    with pytest.raises(RekeyError, match="can't be decrypted with the passphrase before") as error:
        rekey(url(tmp_path), wrong)
    assert "x" * 40 not in str(error.value)

    # Without an API key that is looked at first.
    with sqlite3.connect(tmp_path / "mlflow.db") as database:
        database.execute("delete from secrets")
    with pytest.raises(RekeyError, match="the secret of the webhook `deploy` can't be decrypted"):
        rekey(url(tmp_path), keys(1))
