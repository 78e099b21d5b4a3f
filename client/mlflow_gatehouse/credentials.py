"""The process-wide cache: equal settings, one source of keys, whatever number of clients and threads asks."""

import os
import threading

from mlflow_gatehouse import sts
from mlflow_gatehouse.keys import Keys
from mlflow_gatehouse.region import ambient_region
from mlflow_gatehouse.settings import Settings
from mlflow_gatehouse.sources import AmbientSource, RoleSource

_lock = threading.Lock()
_ambient: dict[str, AmbientSource] = {}
_roles: dict[tuple[object, ...], RoleSource] = {}


def current_keys(settings: Settings, region: str) -> Keys:
    """The keys to sign with: of the persona role when one is set, else the caller's own.

    Args:
        settings: what the environment says.
        region: the region of the API, where STS is asked too unless the caller's own settings name another.

    Raises:
        CredentialsError: there are none; the message says what to do.
    """
    if settings.role_arn is None:
        return ambient_source(settings).keys()
    own_region = ambient_region(settings)
    return _role_source(settings, own_region[0] if own_region else region).keys()


def ready_keys(settings: Settings, region: str) -> Keys | None:
    """The keys to sign with where they are at hand, without waiting for anybody; else None."""
    if settings.role_arn is None:
        return ambient_source(settings).ready_keys()
    own_region = ambient_region(settings)
    return _role_source(settings, own_region[0] if own_region else region).ready_keys()


def ambient_source(settings: Settings) -> AmbientSource:
    """The source of the caller's own keys."""
    with _lock:
        return _ambient.setdefault(settings.ambient, AmbientSource())


def forget(settings: Settings) -> None:
    """Drop what is cached for these settings, because AWS said that it has expired."""
    with _lock:
        _ambient.pop(settings.ambient, None)
        for key in [key for key in _roles if key[0] == settings.ambient]:
            del _roles[key]


def _role_source(settings: Settings, region: str) -> RoleSource:
    key = (
        settings.ambient,
        settings.role_arn,
        settings.session_name,
        settings.external_id,
        settings.duration_seconds,
        region,
    )
    with _lock:
        source = _roles.get(key)
        if source is None:
            source = RoleSource(lambda: sts.assume_role(settings, ambient_source(settings).keys(), region))
            _roles[key] = source
        return source


def _after_fork() -> None:
    """In a forked child: locks may be held by threads that don't exist here, and botocore's are out of reach."""
    global _lock
    _lock = threading.Lock()
    _ambient.clear()
    for source in _roles.values():
        source.renew_lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
