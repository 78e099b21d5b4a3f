"""What a scientist of another team tries on a colleague's files: `other_tenant.py RUN PATH FILE`, and prints what each
way came to: a status, or `ok` with what was got."""

import sys
from pathlib import Path
from urllib.parse import quote, urlsplit

import boto3
import mlflow
import requests
from botocore.config import Config
from common import FOLDER, call, made, same, step
from mlflow import MlflowClient

run_id, path, file, store, bucket = sys.argv[1:6]
client = MlflowClient()
PROXY = "/api/2.0/mlflow-artifacts"
theirs = f"{path}/{quote(file)}"

step("list by the run's id", lambda: client.list_artifacts(run_id))
step("download by the run's id", lambda: client.download_artifacts(run_id, file, dst_path=str(FOLDER)))
step("log into the run", lambda: client.log_artifact(run_id, str(made("mine.txt", 3))))
step("log a large file into the run", lambda: client.log_artifact(run_id, str(made("mine.bin", 6 << 20))))

unscoped = path.split("/", 2)[2] if path.startswith("workspaces/") else path
mpu = {"path": "x.bin", "num_parts": 1}
for workspace in ("speech", "vision", "shared"):
    for where, form in (("full", path), ("bare", unscoped)):
        name = f"{workspace}, {where} path"
        on = {"workspace": workspace}
        target = f"{form}/{quote(file)}"
        step(f"{name}: get", lambda t=target, on=on: call("GET", f"{PROXY}/artifacts/{t}", **on).status_code)
        step(f"{name}: presigned", lambda t=target, on=on: call("GET", f"{PROXY}/presigned/{t}", **on).text)
        step(f"{name}: parts", lambda f=form, on=on: call("POST", f"{PROXY}/mpu/create/{f}", json=mpu, **on).text)
        step(f"{name}: put", lambda t=target, on=on: call("PUT", f"{PROXY}/artifacts/{t}", data=b"x", **on).status_code)
        step(f"{name}: list", lambda f=form, on=on: call("GET", f"{PROXY}/artifacts", params={"path": f}, **on).text)
    for kind in ("download", "upload"):
        body = {"run_id": run_id, "path": file}
        step(
            f"{workspace}: presigned-{kind}-url",
            lambda k=kind, b=body, w=workspace: (
                call("POST", f"/api/2.0/mlflow/artifacts/presigned-{k}-url", json=b, workspace=w).text
            ),
        )


def got(method: str, url: str, **more: object) -> int:
    answer = requests.request(method, url, timeout=60, **more)
    answer.raise_for_status()
    return answer.status_code


def parts_named(name: str) -> str:
    here = client.get_run(own).info.artifact_uri.removeprefix("mlflow-artifacts:/")
    made_upload = call("POST", f"{PROXY}/mpu/create/{here}", json={"path": name, "num_parts": 1}).json()
    return urlsplit(made_upload["credentials"][0]["url"]).path


# Of his own files he gets everything; nothing of that opens a colleague's.
mlflow.set_experiment("files of another team")
with mlflow.start_run() as run:
    own = run.info.run_id


def log_own() -> str:
    sent = made("own.bin", 6 << 20)
    client.log_artifact(own, str(sent))
    FOLDER.joinpath("back").mkdir(exist_ok=True)
    return same(sent, Path(client.download_artifacts(own, "own.bin", dst_path=str(FOLDER / "back"))))


step("own: there and back", log_own)
here = client.get_run(own).info.artifact_uri.removeprefix("mlflow-artifacts:/")
url = call("GET", f"{PROXY}/presigned/{here}/own.bin").json()["url"]
step("own: by its URL", lambda: got("GET", url))
part = call("POST", f"{PROXY}/mpu/create/{here}", json={"path": "p.bin", "num_parts": 2}).json()["credentials"][0][
    "url"
]
step("own: a part by its URL", lambda: got("PUT", part, data=b"x"))
step("own: another team's path as the name of parts", lambda: parts_named(f"../../../../{theirs}"))


key = f"/{bucket}/{theirs}"
query = urlsplit(url).query
own_path = urlsplit(url).path
step("store: his URL on the colleague's file", lambda: got("GET", f"{store}{key}?{query}"))
step("store: his part on the colleague's file", lambda: got("PUT", f"{store}{key}?{urlsplit(part).query}", data=b"x"))
step("store: his URL to write", lambda: got("PUT", url, data=b"x"))
step("store: his URL to delete", lambda: got("DELETE", url))
step("store: his URL for longer", lambda: got("GET", url.replace("X-Amz-Expires=300", "X-Amz-Expires=9000")))
step(
    "store: his part under another number", lambda: got("PUT", part.replace("partNumber=1", "partNumber=2"), data=b"x")
)
copy = {"x-amz-copy-source": key}
step("store: his part as a copy of the colleague's file", lambda: got("PUT", part, headers=copy))
step("store: his URL with dots", lambda: got("GET", f"{store}{own_path}/%2E%2E/{theirs}?{query}"))
step("store: without a signature", lambda: got("GET", f"{store}{key}"))
step("store: the bucket without a signature", lambda: got("GET", f"{store}/{bucket}?list-type=2"))
s3 = boto3.client("s3", endpoint_url=store, region_name="eu-west-1", config=Config(s3={"addressing_style": "path"}))
step("store: his own keys", lambda: s3.get_object(Bucket=bucket, Key=f"{path}/{file}"))
step("store: list with his own keys", lambda: s3.list_objects_v2(Bucket=bucket))
