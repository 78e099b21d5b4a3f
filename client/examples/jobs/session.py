"""A session of SageMaker's SDK that keeps to one's own folder of the team's bucket."""

import os

import boto3
from places import Place
from sagemaker.core.helper.session_helper import Session

# The SDK tells AWS of each call otherwise, and waits for it where there is no internet.
_QUIET = {"SchemaVersion": "1.0", "SageMaker": {"PythonSDK": {"Modules": {"TelemetryOptOut": True}}}}


def open_session(place: Place) -> Session:
    """The session; without a bucket and folder of ours, the SDK would make a bucket of its own."""
    # The SDK would ask IAM about the role first: no role of the team may, and a VPC without internet has no way there.
    os.environ.setdefault("SAGEMAKER_VALIDATE_ROLE", "false")
    return Session(
        boto_session=boto3.Session(),
        default_bucket=place.bucket,
        default_bucket_prefix=f"{place.own_folder}/jobs",
        sagemaker_config=_QUIET,
    )
