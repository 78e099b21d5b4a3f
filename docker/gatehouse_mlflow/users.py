"""Creates a person's MLflow user on first sight and gives it the roles of his session; afterwards one dictionary
look-up per request."""

import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

from mlflow.exceptions import MlflowException

from gatehouse_mlflow.decision import Actor

# After this the database is asked again, so that a user removed or promoted behind our back is noticed.
_FRESH_SECONDS = 60.0
_MAX_KNOWN = 20_000

_Key = tuple[str, bool, frozenset[tuple[str, str]]]


class Users:
    """`store` is MLflow's auth store (`mlflow.server.auth.store`); safe with several threads, workers and tasks
    racing."""

    def __init__(self, store: Any, clock: Callable[[], float] = time.monotonic):
        self._store = store
        self._clock = clock
        self._known: dict[_Key, float] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    def knows(self, actor: Actor) -> bool:
        """Whether this process has seen to the user and his roles lately."""
        seen = self._known.get(_key(actor))
        return seen is not None and self._clock() - seen < _FRESH_SECONDS

    def provide(self, actor: Actor) -> None:
        """Blocks on the database, and for some 200 ms on hashing the password when the user is new."""
        with self._guard:
            lock = self._locks.setdefault(actor.username, threading.Lock())
        with lock:
            if self.knows(actor):
                return
            user = self._user(actor)
            if user.is_admin != actor.is_admin:
                self._store.update_user(actor.username, is_admin=actor.is_admin)
            self._assign(user.id, actor.roles)
            with self._guard:
                if len(self._known) >= _MAX_KNOWN:
                    self._known.clear()
                    self._locks.clear()
                self._known[_key(actor)] = self._clock()

    def _user(self, actor: Actor) -> Any:
        if not self._store.has_user(actor.username, use_primary=True):
            try:
                # Nobody knows this password, and nothing accepts one: the gateway's word is the only way in.
                return self._store.create_user(actor.username, secrets.token_urlsafe(32), is_admin=actor.is_admin)
            except MlflowException as error:
                if error.error_code != "RESOURCE_ALREADY_EXISTS":
                    raise
        return self._store.get_user(actor.username)

    def _assign(self, user_id: int, wanted: frozenset[tuple[str, str]]) -> None:
        for workspace, name in sorted(wanted - self._held(user_id)):
            role = self._store.get_role_by_name(workspace, name)
            try:
                self._store.assign_role_to_user(user_id, role.id)
            except Exception:
                # Another worker was first: fine if the assignment is there now.
                if (workspace, name) not in self._held(user_id):
                    raise

    def _held(self, user_id: int) -> set[tuple[str, str]]:
        return {(role.workspace, role.name) for role in self._store.list_user_roles(user_id)}


def _key(actor: Actor) -> _Key:
    return (actor.username, actor.is_admin, actor.roles)
