"""The two questions asked of STS, with answers and refusals in plain words."""

import re

import botocore.session
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from mlflow_gatehouse.errors import CredentialsError
from mlflow_gatehouse.keys import Keys
from mlflow_gatehouse.settings import Settings

_ROLE_SESSION = re.compile(r"arn:[^:]+:sts::\d+:assumed-role/[^/]+/([^/]+)")
_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired")
_UNKNOWN_KEYS = ("InvalidClientTokenId", "SignatureDoesNotMatch", "UnrecognizedClientException", "InvalidSignature")
# Waiting longer than this for STS means a network without a way to it, not a slow answer.
_CONFIG = Config(connect_timeout=5, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})


def caller_arn(keys: Keys, region: str) -> str:
    """The ARN that these keys act as.

    Raises:
        CredentialsError: STS doesn't know the keys, or can't be reached.
    """
    try:
        return str(_client(keys, region).get_caller_identity()["Arn"])
    except (BotoCoreError, ClientError) as error:
        raise CredentialsError(f"sts GetCallerIdentity failed: {_reason(error, keys)}") from None


def session_name(settings: Settings, keys: Keys, region: str) -> str:
    """The session name to assume the role with: the setting, else the caller's own when he is a role session himself.

    Raises:
        CredentialsError: the caller is no role session, and the setting is missing.
    """
    if settings.session_name:
        return settings.session_name
    arn = caller_arn(keys, region)
    match = _ROLE_SESSION.fullmatch(arn)
    if match:
        return match[1]
    raise CredentialsError(
        f"no session name for {settings.role_arn}: {arn} is no role session to take it from; set "
        "GATEHOUSE_SESSION_NAME to your name in Gatehouse (the tag gatehouse:person of your execution role)"
    )


def assume_role(settings: Settings, keys: Keys, region: str) -> Keys:
    """Assume the persona role once.

    Raises:
        CredentialsError: STS refuses, or can't be reached; the message names role and session.
    """
    name = session_name(settings, keys, region)
    asked = {
        "RoleArn": settings.role_arn,
        "RoleSessionName": name,
        "DurationSeconds": settings.duration_seconds,
        **({"ExternalId": settings.external_id} if settings.external_id else {}),
    }
    try:
        answer = _client(keys, region).assume_role(**asked)["Credentials"]
    except (BotoCoreError, ClientError) as error:
        hint = ""
        if _code(error) in ("AccessDenied", "AccessDeniedException"):
            hint = (
                ". Check that the role exists, that its trust policy names your role, that the session name is your "
                "own (the tag gatehouse:person), and GATEHOUSE_EXTERNAL_ID"
            )
            if not settings.session_name:
                hint += "; the session name was taken from your own session, set GATEHOUSE_SESSION_NAME if it isn't you"
        raise CredentialsError(
            f"can't assume {settings.role_arn} with session name {name}: {_reason(error, keys)}{hint}"
        ) from None
    return Keys(
        answer["AccessKeyId"], answer["SecretAccessKey"], answer["SessionToken"], answer["Expiration"].timestamp()
    )


def _client(keys: Keys, region: str) -> BaseClient:
    # A session of its own: botocore makes clients from one session on one thread only.
    session = botocore.session.get_session()
    # Older botocore still defaults to the global endpoint, which a network with only a VPC endpoint can't reach.
    session.set_config_variable("sts_regional_endpoints", "regional")
    return session.create_client(
        "sts",
        region_name=region,
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key,
        aws_session_token=keys.token,
        config=_CONFIG,
    )


def _code(error: Exception) -> str:
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def _reason(error: Exception, keys: Keys) -> str:
    code = _code(error)
    if code in _EXPIRED:
        return f"the AWS credentials you start from have expired ({code}); renew them (for example `aws sso login`)"
    if code in _UNKNOWN_KEYS:
        return f"AWS doesn't accept the credentials you start from ({code}); check them, and this machine's clock"
    if isinstance(error, ClientError):
        return keys.scrub(f"{code}: {error.response.get('Error', {}).get('Message', '')}")
    return keys.scrub(f"{error}; check the network, a VPC endpoint for sts, and AWS_ENDPOINT_URL_STS if it is set")
