"""What MLflow's own key opens in the store: `store.py URL BUCKET write|read`, credentials in the environment."""

import io
import sys

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from common import step

store, bucket, phase = sys.argv[1:4]
s3 = boto3.client("s3", endpoint_url=store, region_name="eu-west-1", config=Config(s3={"addressing_style": "path"}))
KEY = "workspaces/a b/ä+%.bin"
LARGE = bytes(range(256)) * (72 * 4096)


def read(key: str) -> str:
    return s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode()


def large() -> str:
    same = s3.get_object(Bucket=bucket, Key="large.bin")["Body"].read() == LARGE
    return f"{same} {s3.head_object(Bucket=bucket, Key='large.bin')['ETag'][-3:]}"


if phase == "write":
    step("put", lambda: s3.put_object(Bucket=bucket, Key=KEY, Body=b"first")["ResponseMetadata"]["HTTPStatusCode"])
    step("put again", lambda: s3.put_object(Bucket=bucket, Key=KEY, Body=b"second").get("VersionId") is not None)
    step("put nothing", lambda: s3.upload_fileobj(io.BytesIO(), bucket, "empty.bin"))
    step("put as MLflow does", lambda: s3.upload_fileobj(io.BytesIO(b"x"), bucket, "x.bin"))
    parts = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20)
    step("put in parts", lambda: s3.upload_fileobj(io.BytesIO(LARGE), bucket, "large.bin", Config=parts))
    step("delete", lambda: s3.delete_object(Bucket=bucket, Key="x.bin").get("DeleteMarker"))
    s3.put_object(Bucket=bucket, Key="& <gone>.bin", Body=b"")
    gone = {"Objects": [{"Key": "& <gone>.bin"}]}
    step("delete many", lambda: s3.delete_objects(Bucket=bucket, Delete=gone).get("Errors", "none"))
step("get", lambda: read(KEY))
step("get nothing", lambda: len(read("empty.bin")))
step("get the large one", large)
step("list", lambda: sorted(each["Key"] for each in s3.list_objects_v2(Bucket=bucket)["Contents"]))
step("get what was deleted", lambda: read("x.bin"))
step("refused: an ACL", lambda: s3.get_object_acl(Bucket=bucket, Key=KEY))
step("refused: a policy", lambda: s3.put_bucket_policy(Bucket=bucket, Policy="{}"))
step(
    "refused: versioning",
    lambda: s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"}),
)
step("refused: another bucket", lambda: s3.create_bucket(Bucket="another-bucket"))
step("refused: its content", lambda: s3.list_objects_v2(Bucket="another-bucket"))
step("refused: a copy", lambda: s3.copy_object(Bucket=bucket, Key="copy", CopySource={"Bucket": bucket, "Key": KEY}))
step("refused: an old version deleted", lambda: s3.delete_object(Bucket=bucket, Key=KEY, VersionId="1"))
