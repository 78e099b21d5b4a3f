"""Asks STS for a role with stock boto3: `assume.py ROLE SESSION_NAME [EXTERNAL_ID]`."""

import os
import sys

import boto3
from steps import step

role, name, *external = sys.argv[1:]
sts = boto3.client("sts", region_name=os.environ["AWS_REGION"])
more = {"ExternalId": external[0]} if external else {}
step("assume", lambda: sts.assume_role(RoleArn=role, RoleSessionName=name, **more)["AssumedRoleUser"]["Arn"])
