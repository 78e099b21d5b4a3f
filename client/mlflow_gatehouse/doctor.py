"""Says what this package would do here, and tries it."""

from collections.abc import Callable
from urllib.parse import urlsplit

import mlflow
import requests
from mlflow.tracking.request_auth.registry import fetch_auth

from mlflow_gatehouse import credentials, sts
from mlflow_gatehouse.errors import GatehouseError, SettingsError
from mlflow_gatehouse.notices import explain_refusal, refusal_type
from mlflow_gatehouse.origins import check_transport
from mlflow_gatehouse.provider import NAME, is_chosen, is_overruled
from mlflow_gatehouse.region import ambient_region, signing_region
from mlflow_gatehouse.settings import Settings, read_settings
from mlflow_gatehouse.wire import origin, without_userinfo

OK, FAILED, MISCONFIGURED = 0, 1, 2


def doctor(say: Callable[[str], None], timeout: float = 30.0) -> int:
    """Report line by line; returns the exit code: 0 fine, 1 refused or unreachable, 2 settings."""
    try:
        settings = read_settings()
        uri = _tracking_uri(settings)
        say(f"tracking URI   {without_userinfo(uri)}")
        chosen = _report_choice(say)
        region, source = signing_region(uri, settings)
        say(f"region         {region} (from {source})")
        _report_identity(say, settings, region)
        if not _try_version(say, uri, region, timeout):
            return FAILED
    except SettingsError as error:
        say(f"settings       {error}")
        return MISCONFIGURED
    except GatehouseError as error:
        say(f"failed         {error}")
        return FAILED
    return OK if chosen else MISCONFIGURED


def _tracking_uri(settings: Settings) -> str:
    uri = mlflow.get_tracking_uri()
    if origin(uri) is None:
        raise SettingsError(f"MLflow would use {uri}: set MLFLOW_TRACKING_URI to the URL of the registry's API")
    check_transport(uri, settings)
    return uri


def _report_choice(say: Callable[[str], None]) -> bool:
    if is_overruled():
        say("auth           MLFLOW_TRACKING_AWS_SIGV4 takes precedence in MLflow: unset it")
    elif is_chosen():
        say(f"auth           MLFLOW_TRACKING_AUTH={NAME}")
    else:
        say(f"auth           not chosen: set MLFLOW_TRACKING_AUTH={NAME}")
    return is_chosen() and not is_overruled()


def _report_identity(say: Callable[[str], None], settings: Settings, region: str) -> None:
    own_region = (ambient_region(settings) or (region, ""))[0]
    own = credentials.ambient_source(settings)
    keys = own.keys()
    try:
        arn = sts.caller_arn(keys, own_region)
    except GatehouseError as error:
        if not settings.role_arn:
            # The API may well answer where STS can't be reached: the last step decides.
            say(f"identity       unknown: {error}")
            return
        raise
    say(f"identity       {arn} (from {own.method})")
    if settings.role_arn:
        assumed = credentials.current_keys(settings, region)
        say(f"role           {settings.role_arn}")
        say(f"acting as      {sts.caller_arn(assumed, own_region)}")


def _try_version(say: Callable[[str], None], uri: str, region: str, timeout: float) -> bool:
    try:
        answer = requests.get(
            f"{uri.rstrip('/')}/version", auth=fetch_auth(NAME), timeout=timeout, allow_redirects=False
        )
    except requests.RequestException as error:
        say(f"GET /version   {urlsplit(uri).hostname} can't be reached: {type(error).__name__}")
        return False
    if answer.status_code == 200:
        say(f"GET /version   200: the server runs MLflow {answer.text.strip()[:40]}, here is {mlflow.__version__}")
        return True
    hint = explain_refusal(answer.status_code, refusal_type(answer.headers.get("x-amzn-ErrorType")), region)
    say(f"GET /version   {answer.status_code}: {hint or ' '.join(answer.text.split())[:300]}")
    return False
