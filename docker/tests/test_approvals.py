"""What names a file's content for good, where the files lie in S3."""

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from mlflow.store.artifact.s3_artifact_repo import S3ArtifactRepository
from moto.server import ThreadedMotoServer

from gatehouse_mlflow import approvals
from gatehouse_mlflow.refusal import Refused


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    for name, value in {
        "MLFLOW_S3_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    client = boto3.client("s3", endpoint_url=f"http://{host}:{port}")
    client.create_bucket(Bucket="artifacts")
    client.put_bucket_versioning(Bucket="artifacts", VersioningConfiguration={"Status": "Enabled"})
    yield client
    server.stop()


@pytest.mark.parametrize("uri", ["s3://artifacts", "s3://artifacts/", "s3://artifacts/some/where"])
def test_an_objects_version(s3: Any, uri: str) -> None:
    prefix = "some/where/" if "where" in uri else ""
    key = f"{prefix}workspaces/vision/1/r/artifacts/model/a b.pkl"
    first = s3.put_object(Bucket="artifacts", Key=key, Body=b"one")
    pin = approvals._pin(S3ArtifactRepository(uri))
    path = key.removeprefix(prefix)
    assert pin(path) == f"s3:{first['VersionId']}:{first['ETag'].strip(chr(34))}"
    # The same bytes again are another version: what is there now was not what somebody looked at.
    second = s3.put_object(Bucket="artifacts", Key=key, Body=b"one")
    assert pin(path) == f"s3:{second['VersionId']}:{second['ETag'].strip(chr(34))}"
    assert first["VersionId"] != second["VersionId"]


def test_other_storage_is_refused() -> None:
    with pytest.raises(Refused, match="own storage"):
        approvals._pin(object())
