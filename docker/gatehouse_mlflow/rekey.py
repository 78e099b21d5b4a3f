"""The keys that MLflow encrypts rows of its database with: API keys of the AI gateway (by a passphrase, in envelopes)
and secrets of webhooks (by a Fernet key). While they are being changed, a variable holds the new and the old one."""

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy

from gatehouse_mlflow.access import Problems

_PASSPHRASE = "MLFLOW_CRYPTO_KEK_PASSPHRASE"  # noqa: S105
_VERSION = "MLFLOW_CRYPTO_KEK_VERSION"
_FERNET = "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY"
# A task of the version before goes on serving meanwhile, and may store something between two passes.
_PASSES = 10

Change = Callable[[Any], tuple[int, bool]]


class RekeyError(Exception):
    """Something stored can't be encrypted anew; the message says what to do, and holds no key."""


@dataclass(frozen=True, slots=True)
class StoredKeys:
    """What MLflow encrypts with now, and what it did before the last change; empty where there was none."""

    generation: int
    passphrase: str = field(repr=False)
    passphrase_before: str = field(repr=False)
    fernet: str = field(repr=False)
    fernet_before: str = field(repr=False)

    def environ(self) -> dict[str, str]:
        """What MLflow itself reads: one value each."""
        return {_PASSPHRASE: self.passphrase, _VERSION: str(self.generation), _FERNET: self.fernet}


@dataclass(frozen=True, slots=True)
class Rekeyed:
    """How many rows were encrypted anew."""

    api_keys: int
    webhooks: int


def read_keys(environ: Mapping[str, str], problems: Problems) -> StoredKeys:
    """Sentences in `problems` when something is missing or wrong."""
    passphrases = _one_or_two(environ, _PASSPHRASE)
    problems.expect(
        all(len(each) >= 32 for each in passphrases),
        f"{_PASSPHRASE} must be one or two values of 32 or more characters, with one space between them",
    )
    fernets = _one_or_two(environ, _FERNET)
    problems.expect(
        all(_is_fernet(each) for each in fernets),
        f"{_FERNET} must be one or two Fernet keys, with one space between them: 32 bytes in URL-safe base64 (without "
        "it, every worker makes up its own and webhooks get lost)",
    )
    version = environ.get(_VERSION) or "1"
    # It becomes four bytes of MLflow's salt.
    good = version.isascii() and version.isdecimal() and 1 <= int(version) < 2**31
    problems.expect(good, f"{_VERSION} must be a whole number from 1")
    (passphrase, *old), (fernet, *old_fernet) = passphrases, fernets
    return StoredKeys(int(version) if good else 1, passphrase, "".join(old), fernet, "".join(old_fernet))


def rekey(url: str, keys: StoredKeys) -> Rekeyed:
    """
    Encrypts anew whatever is still encrypted with the keys before. Raises RekeyError where neither fits.

    Each pass is one transaction, and a row that somebody has changed since it was read is left to the next.
    """
    from mlflow.store.db.utils import create_sqlalchemy_engine_with_retry

    from gatehouse_mlflow.migrate import alone

    engine = create_sqlalchemy_engine_with_retry(url)
    try:
        with alone(engine):
            return Rekeyed(
                _repeated(engine, lambda connection: _api_keys(connection, keys)),
                _repeated(engine, lambda connection: _webhooks(connection, keys)),
            )
    finally:
        engine.dispose()


def _repeated(engine: Any, change: Change) -> int:
    total = 0
    for _ in range(_PASSES):
        with engine.begin() as connection:
            done, whole = change(connection)
        total += done
        if whole:
            return total
    raise RekeyError("stored secrets change faster than they can be encrypted anew: start this task again")


def _api_keys(connection: Any, keys: StoredKeys) -> tuple[int, bool]:
    from mlflow.utils.crypto import KEKManager, rotate_secret_encryption

    rows = connection.execute(
        sqlalchemy.text(
            "select secret_id, secret_name, kek_version, wrapped_dek, encrypted_value from secrets "
            "where kek_version <> :generation"
        ),
        {"generation": keys.generation},
    ).all()
    if not rows:
        return 0, True
    for row in rows:
        if row.kek_version != keys.generation - 1 or not keys.passphrase_before:
            raise RekeyError(
                f"the API key `{row.secret_name}` is encrypted with generation {row.kek_version}, and "
                f"`database.keyGeneration` is {keys.generation}: it goes up by one at a time, and never down"
            )
    # Each is derived in a third of a second, so only where there is work.
    before = KEKManager(keys.passphrase_before, keys.generation - 1)
    now = KEKManager(keys.passphrase, keys.generation)
    done = 0
    for row in rows:
        try:
            rotated = rotate_secret_encryption(row.encrypted_value, row.wrapped_dek, before, now)
        except Exception as error:
            raise RekeyError(
                f"the API key `{row.secret_name}` can't be decrypted with the passphrase before: restore the secret "
                f"{_PASSPHRASE}, or delete this API key in MLflow"
            ) from error
        done += connection.execute(
            sqlalchemy.text(
                "update secrets set wrapped_dek = :new, kek_version = :generation "
                "where secret_id = :id and wrapped_dek = :old"
            ),
            {
                "new": rotated.wrapped_dek,
                "generation": keys.generation,
                "id": row.secret_id,
                "old": row.wrapped_dek,
            },
        ).rowcount
    return done, done == len(rows)


def _webhooks(connection: Any, keys: StoredKeys) -> tuple[int, bool]:
    from cryptography.fernet import Fernet, InvalidToken

    now = Fernet(keys.fernet)
    rows = connection.execute(
        sqlalchemy.text("select webhook_id, name, secret from webhooks where secret is not null")
    ).all()
    left = [row for row in rows if not _decrypts(now, row.secret)]
    done = 0
    for row in left:
        try:
            if not keys.fernet_before:
                raise InvalidToken
            secret = Fernet(keys.fernet_before).decrypt(row.secret.encode())
        except InvalidToken as error:
            raise RekeyError(
                f"the secret of the webhook `{row.name}` can't be decrypted: `database.keyGeneration` goes up by one "
                f"at a time, and never down; else restore the secret {_FERNET}, or delete this webhook"
            ) from error
        done += connection.execute(
            sqlalchemy.text("update webhooks set secret = :new where webhook_id = :id and secret = :old"),
            {"new": now.encrypt(secret).decode(), "id": row.webhook_id, "old": row.secret},
        ).rowcount
    return done, done == len(left)


def _decrypts(fernet: Any, secret: str) -> bool:
    from cryptography.fernet import InvalidToken

    try:
        fernet.decrypt(secret.encode())
    except InvalidToken:
        return False
    return True


def _one_or_two(environ: Mapping[str, str], name: str) -> list[str]:
    values = environ.get(name, "").split(" ")
    # Three are no change of keys; an empty one fits no rule.
    return values if len(values) <= 2 else [""]


def _is_fernet(value: str) -> bool:
    try:
        return len(base64.b64decode(value, altchars=b"-_", validate=True)) == 32
    except (binascii.Error, ValueError):
        return False
