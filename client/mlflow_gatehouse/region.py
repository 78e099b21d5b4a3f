"""The region that a request is signed for."""

import os
import re
from functools import lru_cache
from urllib.parse import urlsplit

import botocore.session
from botocore.exceptions import BotoCoreError

from mlflow_gatehouse.errors import SettingsError
from mlflow_gatehouse.settings import Settings

# API Gateway's own names: regional, private through an interface endpoint, dual-stack, and China.
_API_HOST = re.compile(r"(?:^|\.)execute-api\.([a-z0-9-]+)\.(?:(?:vpce\.)?amazonaws\.com(?:\.cn)?|api\.aws)$")


def signing_region(url: str, settings: Settings) -> tuple[str, str]:
    """The region of the API and where it was read.

    A host name of API Gateway names its own region, and no other can be right there, so it goes before AWS_REGION: a
    notebook in one region may well call a registry in another.

    Raises:
        SettingsError: nothing names a region.
    """
    if settings.region:
        return settings.region, "GATEHOUSE_REGION"
    match = _API_HOST.search((urlsplit(url).hostname or "").rstrip("."))
    if match:
        return match[1], "the host name of the API"
    ambient = ambient_region(settings)
    if ambient:
        return ambient
    raise SettingsError(
        f"the AWS region of {urlsplit(url).hostname} is unknown: set AWS_REGION (or GATEHOUSE_REGION, when the "
        "registry lives in another region than the rest), or give the AWS profile a region"
    )


def ambient_region(settings: Settings) -> tuple[str, str] | None:
    """The region of the caller's own AWS settings and where it was read, or None."""
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if os.environ.get(name):
            return os.environ[name], name
    region = _profile_region(settings.ambient)
    return (region, "the AWS profile") if region else None


@lru_cache(maxsize=8)
def _profile_region(_ambient: str) -> str | None:
    try:
        return botocore.session.get_session().get_config_variable("region")
    except BotoCoreError:
        # A profile that doesn't exist is reported, with more words, when its credentials are loaded.
        return None
