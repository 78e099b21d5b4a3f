"""Which requests may carry credentials."""

import ipaddress

import mlflow

from mlflow_gatehouse.errors import RefusedError
from mlflow_gatehouse.settings import Settings
from mlflow_gatehouse.wire import origin


def is_trusted(url: str, settings: Settings) -> bool:
    """Whether the URL lies on the tracking server, the registry, or one of GATEHOUSE_API_URIS.

    MLflow hands its auth to every host that an artifact location or a deployment target names, so a run recorded with
    `https://elsewhere/` as its artifact location would otherwise be sent the caller's signature and session token.
    """
    asked = origin(url)
    known = (mlflow.get_tracking_uri(), mlflow.get_registry_uri(), *settings.api_uris)
    return asked is not None and any(asked == origin(uri) for uri in known)


def check_transport(url: str, settings: Settings) -> None:
    """Refuse plain http to anything but this machine.

    Raises:
        RefusedError: the URL is plain http, the host isn't loopback and GATEHOUSE_ALLOW_HTTP isn't set.
    """
    asked = origin(url)
    if asked is None or asked[0] == "https" or settings.allow_http or _is_loopback(asked[1]):
        return
    raise RefusedError(
        f"the tracking URI sends credentials to {asked[1]} over plain http: use https, or set GATEHOUSE_ALLOW_HTTP=1 "
        "when the way there is protected by other means"
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
