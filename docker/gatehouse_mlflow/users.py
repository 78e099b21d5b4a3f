"""Creates a person's MLflow user on first sight, gives it the roles of his session and takes those that nothing
grants him any more; afterwards one dictionary look-up per request."""

import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

from mlflow.exceptions import MlflowException

from gatehouse_mlflow.decision import ROLE_PREFIX, Actor

# After this the database is asked again, so that a user removed or promoted behind our back is noticed.
_FRESH_SECONDS = 60.0
_MAX_KNOWN = 20_000

_Roles = frozenset[tuple[str, str]]
_Key = tuple[str, bool, _Roles, bool]


class Users:
    """`store` is MLflow's auth store (`mlflow.server.auth.store`); safe with several threads, workers and tasks
    racing. `code_roles` are those that some session at the code door gives: whose they are only that door knows."""

    def __init__(self, store: Any, clock: Callable[[], float] = time.monotonic, code_roles: _Roles = frozenset()):
        self._store = store
        self._code_roles = code_roles
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
            if actor.complete:
                self._unassign(user.id, actor.roles | self._code_roles)
            with self._guard:
                if len(self._known) >= _MAX_KNOWN:
                    self._known.clear()
                    self._locks.clear()
                self._known[_key(actor)] = self._clock()

    def withdraw(self, person: str) -> None:
        """Takes a person's roles, and his admin user's power, until he is provided again. Blocks on the database."""
        with self._guard:
            for key in [key for key in self._known if key[0].partition("#")[0] == person]:
                del self._known[key]
        for user in self._store.list_users():
            if user.username.partition("#")[0] == person:
                if user.is_admin:
                    self._store.update_user(user.username, is_admin=False)
                self._unassign(user.id, frozenset())

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

    def _unassign(self, user_id: int, kept: _Roles) -> None:
        """Ours alone: a role that an admin made and gave stays."""
        for role in self._store.list_user_roles(user_id):
            if role.name.startswith(ROLE_PREFIX) and (role.workspace, role.name) not in kept:
                try:
                    self._store.unassign_role_from_user(user_id, role.id)
                except MlflowException as error:
                    # Another worker was first.
                    if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                        raise

    def _held(self, user_id: int) -> set[tuple[str, str]]:
        return {(role.workspace, role.name) for role in self._store.list_user_roles(user_id)}


def _key(actor: Actor) -> _Key:
    return (actor.username, actor.is_admin, actor.roles, actor.complete)
