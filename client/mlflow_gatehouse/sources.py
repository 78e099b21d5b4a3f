"""Where keys come from: the ambient chain of AWS, or a persona role assumed from it and refreshed."""

import logging
import threading
import time
from collections.abc import Callable

import botocore.session
from botocore.credentials import Credentials, RefreshableCredentials
from botocore.exceptions import BotoCoreError, ClientError

from mlflow_gatehouse.errors import CredentialsError
from mlflow_gatehouse.keys import Keys

_logger = logging.getLogger(__name__)

# A role session is renewed in the last quarter of its life, at most 15 minutes early, and not used in its last minute.
_EARLY_SHARE, _EARLIEST_SECONDS, _RESERVE_SECONDS = 4, 900, 60
_RETRY_SECONDS = 30


class AmbientSource:
    """Keys of AWS's own chain (environment, profile, SSO, container, instance); botocore refreshes what expires."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._credentials: object | None = None

    def keys(self) -> Keys:
        """The current keys.

        Raises:
            CredentialsError: there are none, or they can't be loaded or refreshed.
        """
        try:
            with self._lock:
                if self._credentials is None:
                    # A fresh session each time, so that what was put right in a file since is seen.
                    self._credentials = botocore.session.get_session().get_credentials()
                credentials = self._credentials
            if credentials is None:
                raise CredentialsError(
                    "no AWS credentials: set AWS_PROFILE (and run `aws sso login`), or AWS_ACCESS_KEY_ID, "
                    "AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or run where a role is attached"
                )
            frozen = credentials.get_frozen_credentials()
        except (BotoCoreError, ClientError, RuntimeError) as error:
            # botocore raises a bare RuntimeError when what it refreshed is expired already.
            self._credentials = None
            raise CredentialsError(
                f"AWS credentials can't be loaded: {error}; check AWS_PROFILE, renew them (for example `aws sso login`)"
            ) from None
        return Keys(frozen.access_key, frozen.secret_key, frozen.token)

    def ready_keys(self) -> Keys | None:
        """The keys that were loaded, where nothing can have to be refreshed."""
        loaded = self._credentials
        if isinstance(loaded, Credentials) and not isinstance(loaded, RefreshableCredentials):
            return Keys(loaded.access_key, loaded.secret_key, loaded.token)
        return None

    @property
    def method(self) -> str:
        """Botocore's name of the provider that answered, for people."""
        return str(getattr(self._credentials, "method", "none"))


class RoleSource:
    """Keys of an assumed role: fetched once for all threads, renewed in good time by one of them while others go on."""

    def __init__(self, fetch: Callable[[], Keys], now: Callable[[], float] = time.time) -> None:
        self._fetch = fetch
        self._now = now
        # Keys and the time to renew them, replaced together: readers don't take the lock.
        self._held: tuple[Keys | None, float] = (None, 0.0)
        self.renew_lock()

    def renew_lock(self) -> None:
        """Forget who holds the lock: in a forked child that thread doesn't exist. The keys stay good."""
        self._lock = threading.Lock()

    def ready_keys(self) -> Keys | None:
        """The current keys, unless it is time to renew them."""
        keys, renew_at = self._held
        return keys if self._now() < renew_at else None

    def keys(self) -> Keys:
        """The current keys, renewed first where it is time.

        Raises:
            CredentialsError: there are no usable keys and STS gives none.
        """
        keys, renew_at = self._held
        if keys is not None and self._now() < renew_at:
            return keys
        # Who still has usable keys doesn't wait for the one that renews them.
        if not self._lock.acquire(blocking=not self._is_usable(keys)):
            return keys
        try:
            keys, renew_at = self._held
            if keys is None or self._now() >= renew_at:
                self._held = self._renewed(keys)
            return self._held[0]
        finally:
            self._lock.release()

    def _renewed(self, present: Keys | None) -> tuple[Keys, float]:
        try:
            keys = self._fetch()
        except CredentialsError as error:
            if present is None or not self._is_usable(present):
                raise
            _logger.warning("the role session could not be renewed yet, the present one still holds: %s", error)
            return present, self._now() + _RETRY_SECONDS
        expires = keys.expires or 0.0
        lifetime = expires - self._now()
        if lifetime <= _RESERVE_SECONDS:
            raise CredentialsError("the role session that sts gave has expired already: check this machine's clock")
        return keys, expires - max(_RESERVE_SECONDS, min(_EARLIEST_SECONDS, lifetime / _EARLY_SHARE))

    def _is_usable(self, keys: Keys | None) -> bool:
        return keys is not None and keys.expires is not None and self._now() < keys.expires - _RESERVE_SECONDS
