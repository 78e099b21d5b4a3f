"""Talks to the local STS with an unmodified boto3: one line of JSON for each call."""

import json
import sys

import boto3
from botocore.exceptions import ClientError

given = json.load(sys.stdin)


def client(credentials):
    return boto3.client(
        "sts",
        region_name=given["region"],
        endpoint_url=given["endpoint"],
        aws_access_key_id=credentials["accessKeyId"],
        aws_secret_access_key=credentials["secretAccessKey"],
        aws_session_token=credentials["sessionToken"],
    )


for call in given["calls"]:
    try:
        answer = getattr(client(given["credentials"]), call["operation"])(**call["parameters"])
        if "Credentials" in answer:
            new = answer["Credentials"]
            again = client(
                {
                    "accessKeyId": new["AccessKeyId"],
                    "secretAccessKey": new["SecretAccessKey"],
                    "sessionToken": new["SessionToken"],
                }
            )
            print(json.dumps({"arn": answer["AssumedRoleUser"]["Arn"], "self": again.get_caller_identity()["Arn"]}))
        else:
            print(json.dumps({"arn": answer["Arn"], "account": answer["Account"]}))
    except ClientError as error:
        print(json.dumps({"code": error.response["Error"]["Code"], "message": error.response["Error"]["Message"]}))
