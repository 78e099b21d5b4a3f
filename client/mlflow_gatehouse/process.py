"""The persona role's keys for boto3 and the AWS CLI, in the form of `credential_process`."""

import json
import os
from datetime import datetime, timezone

from mlflow_gatehouse import credentials
from mlflow_gatehouse.errors import SettingsError
from mlflow_gatehouse.region import ambient_region
from mlflow_gatehouse.settings import read_settings

# The profile that calls this; to look for keys in it again would never end.
PROFILE = "gatehouse"


def credential_process() -> str:
    """The JSON that AWS's SDKs read, and read again when it expires. Source: AWS CLI User Guide, "credential_process".

    Raises:
        GatehouseError: no role is set, or it can't be assumed.
    """
    if os.environ.get("AWS_PROFILE") == PROFILE:
        del os.environ["AWS_PROFILE"]
    settings = read_settings()
    if settings.role_arn is None:
        raise SettingsError("GATEHOUSE_ROLE_ARN is not set: there is no role to take")
    region = settings.region or (ambient_region(settings) or (None, ""))[0]
    if region is None:
        raise SettingsError("the AWS region is unknown: set AWS_REGION")
    keys = credentials.current_keys(settings, region)
    return json.dumps(
        {
            "Version": 1,
            "AccessKeyId": keys.access_key,
            "SecretAccessKey": keys.secret_key,
            "SessionToken": keys.token,
            "Expiration": datetime.fromtimestamp(keys.expires or 0, timezone.utc).isoformat(),
        }
    )
