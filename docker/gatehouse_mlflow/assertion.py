"""Verifies the assertion that the Lambda authorizer signs for the browser door:
`<base64url(JSON)>.<base64url(HMAC-SHA256)>`."""

import base64
import binascii
import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from typing import Any

from gatehouse_mlflow.access import PERSON
from gatehouse_mlflow.refusal import Refused

# API Gateway takes 10,240 bytes of headers; an assertion names one person and his groups.
_MAX_BYTES = 8192
# The authorizer signs for its cache's lifetime (at most 300 s) and a minute; anything much longer was not signed by it.
_MAX_LIFETIME_SECONDS = 900

_FORM = re.compile(rb"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Assertion:
    """Who the authorizer says is calling."""

    person: str
    personas: tuple[str, ...]
    groups: frozenset[str]


def verify_assertion(text: bytes, keys: tuple[bytes, ...], now: float) -> Assertion:
    """
    Returns what was signed, or refuses: with 401 what another login may mend, with 403 what it can't. The signature is
    checked before anything inside is looked at; two keys are accepted while the authorizer's is being changed.
    """
    if not _FORM.fullmatch(text):
        raise Refused(401, "the assertion has not the form that the authorizer signs; sign in again")
    payload, _, signature = text.partition(b".")
    # Every key is tried, so that the time says nothing about which of them came close.
    if not sum(hmac.compare_digest(signature, _signature(key, payload)) for key in keys):
        raise Refused(401, "the assertion's signature is wrong; sign in again")
    if len(text) > _MAX_BYTES:
        raise Refused(403, "too many groups for one request: with fewer, or with shorter names, the person gets in")
    claims = _claims(payload)
    expires = claims.get("exp")
    if isinstance(expires, bool) or not isinstance(expires, int):
        raise Refused(401, "the assertion's `exp` is not a whole number of seconds")
    if expires <= now:
        raise Refused(401, "the assertion has expired; sign in again")
    if expires > now + _MAX_LIFETIME_SECONDS:
        raise Refused(401, "the assertion is valid for longer than the authorizer signs")
    person = claims.get("sub")
    if not isinstance(person, str) or not PERSON.fullmatch(person):
        raise Refused(401, "the assertion's `sub` is not the name of a person")
    personas, groups = _texts(claims, "personas"), _texts(claims, "groups")
    return Assertion(person, tuple(dict.fromkeys(personas)), frozenset(groups))


def _signature(key: bytes, payload: bytes) -> bytes:
    return base64.urlsafe_b64encode(hmac.new(key, payload, hashlib.sha256).digest()).rstrip(b"=")


def _claims(payload: bytes) -> dict[str, Any]:
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + b"=" * (-len(payload) % 4)))
    except (ValueError, binascii.Error, RecursionError) as error:
        raise Refused(401, "the assertion's payload is not JSON") from error
    if not isinstance(claims, dict):
        raise Refused(401, "the assertion's payload is not an object")
    return claims


def _texts(claims: dict[str, Any], name: str) -> list[str]:
    value = claims.get(name)
    if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
        raise Refused(401, f"the assertion's `{name}` is not a list of names")
    return value
