"""The access policy: what an administrator changes without a deployment. It takes permissions from personas and shuts
out persons; it never gives anything.

One item of DynamoDB, read by a thread of this process, so that a request never waits for it. It reads twice in
`CACHE_SECONDS`: a change counts within that time even when an answer is slow.
What was read last counts while the item can't be read or is no good, for `GATEHOUSE_ACCESS_STALE_SECONDS`; after that
nobody is let in.
"""

import hashlib
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gatehouse_mlflow.log import log_line
from gatehouse_mlflow.refusal import Refused

CACHE_SECONDS = 30
STALE_SECONDS = 900
_FIRST_READ_SECONDS = 10
_KEY = "access"
_PERMISSION = re.compile(r"[a-z_]{1,64}:(?:read|write|delete|use|approve|admin)", re.ASCII)
_PERSON = re.compile(r"[a-z0-9+=._@-]{2,64}", re.ASCII)
_GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9_+=.@-]{0,62}", re.ASCII)
_TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z", re.ASCII)


class AccessPolicyError(Exception):
    """The item can't be used; the sentence says why."""


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """One version of the item. Without an item the deployed settings count alone, as version 0."""

    version: int = 0
    may_not: Mapping[str, frozenset[str]] = field(default_factory=dict)
    revoked_persons: frozenset[str] = frozenset()

    def narrow(self, persona: str, permission: str) -> bool:
        """True when the permission is taken from the persona."""
        return permission in self.may_not.get(persona, frozenset())

    def revoked(self, person: str) -> bool:
        """True when the person is shut out, whatever he shows."""
        return person in self.revoked_persons


NOTHING = AccessPolicy()
Item = Mapping[str, Any]


def parse_item(item: Item) -> AccessPolicy:
    """Checks digest and form. Raises AccessPolicyError: half a policy could let somebody in."""
    version, digest, text = item.get("version"), item.get("digest"), item.get("document")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise AccessPolicyError("its version is not a whole number from 1")
    if not isinstance(text, str) or digest != hashlib.sha256(text.encode()).hexdigest():
        raise AccessPolicyError("its digest is not that of its document")
    try:
        document = json.loads(text)
    except ValueError as error:
        raise AccessPolicyError("its document is not JSON") from error
    if not isinstance(document, dict) or document.get("version") != 1:
        raise AccessPolicyError("its document is not of version 1")
    if unknown := set(document) - {"version", "groups", "mayNot", "revoked"}:
        raise AccessPolicyError(f"its document has unknown keys: {', '.join(sorted(unknown))}")
    groups = _mapping(document, "groups", list)
    may_not = _mapping(document, "mayNot", list)
    revoked = _mapping(document, "revoked", str)
    for names in groups.values():
        if not all(isinstance(each, str) and _GROUP.fullmatch(each) for each in names):
            raise AccessPolicyError("groups lists something that is no group")
    for permissions in may_not.values():
        if not all(isinstance(each, str) and _PERMISSION.fullmatch(each) for each in permissions):
            raise AccessPolicyError("mayNot lists something that is no permission")
    if not all(_PERSON.fullmatch(person) and _TIME.fullmatch(since) for person, since in revoked.items()):
        raise AccessPolicyError("revoked must map persons to times such as 2026-01-31T12:00:00Z")
    narrowed = {persona: frozenset(permissions) for persona, permissions in may_not.items()}
    return AccessPolicy(version, narrowed, frozenset(revoked))


def _mapping(document: Mapping[str, Any], key: str, kind: type) -> dict[str, Any]:
    value = document.get(key, {})
    if not isinstance(value, dict) or not all(isinstance(each, kind) for each in value.values()):
        raise AccessPolicyError(f"{key} has not the form of an access policy")
    return value


class PolicySource:
    """Keeps the item current. `fetch` returns the item, or None where there is none, or raises."""

    def __init__(
        self,
        fetch: Callable[[], Item | None],
        *,
        cache_seconds: float = CACHE_SECONDS,
        stale_seconds: float = STALE_SECONDS,
        clock: Callable[[], float] = time.monotonic,
        changed: Callable[[AccessPolicy], None] = lambda _: None,
    ):
        self._changed = changed
        self._fetch = fetch
        self._cache_seconds = cache_seconds
        self._stale_seconds = stale_seconds
        self._clock = clock
        self._policy: AccessPolicy | None = None
        self._read_at = 0.0
        self._tried = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def current(self) -> AccessPolicy:
        """The policy that counts now. Raises Refused (503) when none has been read for too long."""
        self._start()
        if self._policy is None:
            self._tried.wait(_FIRST_READ_SECONDS)
        policy = self._policy
        if policy is None or self._clock() - self._read_at > self._stale_seconds:
            raise Refused(503, "the access policy can't be read, so nobody is let in; try again in a moment")
        return policy

    def refresh(self) -> None:
        """Reads the item once; a bad answer changes nothing but is logged."""
        try:
            item = self._fetch()
            policy = NOTHING if item is None else parse_item(item)
            if self._policy is not None and policy.version < self._policy.version:
                raise AccessPolicyError(f"version {policy.version} is older than {self._policy.version}, known already")
        except Exception as error:
            why = str(error) if isinstance(error, AccessPolicyError) else type(error).__name__
            log_line("access policy not read", why=why)
        else:
            new = self._policy is None or policy.version != self._policy.version
            # In this order: a reader between the two lines sees an old time, which only narrows.
            self._policy = policy
            self._read_at = self._clock()
            if new:
                self._tell(policy)
        finally:
            self._tried.set()

    def _tell(self, policy: AccessPolicy) -> None:
        log_line("access policy", version=policy.version)
        try:
            self._changed(policy)
        except Exception as error:
            # What follows from a policy is housekeeping; that it counts, the gate sees to at each request.
            log_line("access policy not followed", version=policy.version, error=type(error).__name__)

    def _start(self) -> None:
        if self._thread is not None:
            return
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._keep_current, name="access-policy", daemon=True)
                self._thread.start()

    def _keep_current(self) -> None:
        while True:
            self.refresh()
            time.sleep(self._cache_seconds / 2)


class _DeployedAlone:
    """Where no table is declared, nothing narrows the deployed settings."""

    def current(self) -> AccessPolicy:
        return NOTHING


def policy_source(
    environ: Mapping[str, str], changed: Callable[[AccessPolicy], None] = lambda _: None
) -> PolicySource | _DeployedAlone:
    """The source that the environment names (`GATEHOUSE_ACCESS_TABLE`); `changed` hears of each new version. Raises
    ValueError for a bad number."""
    table = environ.get("GATEHOUSE_ACCESS_TABLE")
    if not table:
        return _DeployedAlone()
    stale = environ.get("GATEHOUSE_ACCESS_STALE_SECONDS", str(STALE_SECONDS))
    cache = environ.get("GATEHOUSE_ACCESS_CACHE_SECONDS", str(CACHE_SECONDS))
    if not stale.isdecimal() or not cache.isdecimal() or not 0 < int(cache) <= int(stale):
        raise ValueError(
            "GATEHOUSE_ACCESS_CACHE_SECONDS and GATEHOUSE_ACCESS_STALE_SECONDS must be whole seconds, the first not "
            "above the second"
        )
    region = environ.get("AWS_REGION") or environ.get("AWS_DEFAULT_REGION")
    return PolicySource(_fetcher(table, region), cache_seconds=int(cache), stale_seconds=int(stale), changed=changed)


def _fetcher(table: str, region: str | None) -> Callable[[], Item | None]:
    client: Any = None

    def fetch() -> Item | None:
        nonlocal client
        if client is None:
            # Not at import: boto3 takes a while to load, and only this thread needs it.
            import boto3
            from botocore.config import Config

            # ECS gives AWS_REGION, which boto3 does not read.
            client = boto3.client(
                "dynamodb",
                region_name=region,
                config=Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 2}),
            )
        answer = client.get_item(TableName=table, Key={"id": {"S": _KEY}}, ConsistentRead=True)
        item = answer.get("Item")
        if item is None:
            return None
        return {
            "version": _whole(item.get("version", {}).get("N")),
            "digest": item.get("digest", {}).get("S"),
            "document": item.get("document", {}).get("S"),
        }

    return fetch


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.isdecimal() else None
