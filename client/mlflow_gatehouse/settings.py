"""The environment variables that this package reads, checked together."""

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from mlflow_gatehouse.errors import SettingsError

# STS's own limits: a role session lasts at least 15 minutes, and one hour at most when a role assumes a role.
_SHORTEST_SECONDS, _LONGEST_SECONDS = 900, 3600
_ROLE_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+", re.ASCII)
_SESSION_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)

# A change of any of these means other credentials, so what was cached for the old ones isn't used again.
_AMBIENT = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_SECURITY_TOKEN",
    "AWS_CREDENTIAL_EXPIRATION",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_ENDPOINT_URL_STS",
    "AWS_ENDPOINT_URL",
)


@dataclass(frozen=True)
class Settings:
    """One reading of the environment; equal settings share credentials."""

    role_arn: str | None = None
    session_name: str | None = None
    external_id: str | None = field(default=None, repr=False)
    duration_seconds: int = _LONGEST_SECONDS
    region: str | None = None
    allow_http: bool = False
    api_uris: tuple[str, ...] = ()
    ambient: str = field(default="", repr=False)
    """Digest of the variables that pick the ambient credentials."""


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the environment; all problems are reported at once.

    Raises:
        SettingsError: a variable holds a value that can't be right.
    """
    source = os.environ if environ is None else environ
    problems: list[str] = []

    role_arn = _text(source, "GATEHOUSE_ROLE_ARN")
    if role_arn and not _ROLE_ARN.fullmatch(role_arn):
        problems.append(f"GATEHOUSE_ROLE_ARN is not the ARN of an IAM role: {role_arn!r}")
    session_name = _text(source, "GATEHOUSE_SESSION_NAME")
    if session_name and not _SESSION_NAME.fullmatch(session_name):
        problems.append(
            f"GATEHOUSE_SESSION_NAME {session_name!r} is no session name: 2 to 64 letters, digits or any of +=,.@_-"
        )
    settings = Settings(
        role_arn=role_arn,
        session_name=session_name,
        external_id=_text(source, "GATEHOUSE_EXTERNAL_ID"),
        duration_seconds=_duration(source, problems),
        region=_text(source, "GATEHOUSE_REGION"),
        allow_http=_text(source, "GATEHOUSE_ALLOW_HTTP") in ("1", "true", "TRUE", "True"),
        api_uris=tuple((_text(source, "GATEHOUSE_API_URIS") or "").replace(",", " ").split()),
        ambient=_digest(source),
    )
    if problems:
        raise SettingsError("; ".join(problems))
    return settings


def _text(source: Mapping[str, str], name: str) -> str | None:
    return source.get(name, "").strip() or None


def _duration(source: Mapping[str, str], problems: list[str]) -> int:
    text = _text(source, "GATEHOUSE_DURATION_SECONDS")
    if text is None:
        return _LONGEST_SECONDS
    if text.isdecimal() and _SHORTEST_SECONDS <= int(text) <= _LONGEST_SECONDS:
        return int(text)
    problems.append(f"GATEHOUSE_DURATION_SECONDS must be {_SHORTEST_SECONDS} to {_LONGEST_SECONDS}, not {text!r}")
    return _LONGEST_SECONDS


def _digest(source: Mapping[str, str]) -> str:
    return hashlib.sha256("\0".join(f"{name}={source.get(name, '')}" for name in _AMBIENT).encode()).hexdigest()
