"""Uploads in parts that break off: `begin RUN_PATH` leaves one half done; `resume` goes on with it in another process;
`whole RUN` looks at it again; `broken RUN` loses a part on the way and starts again."""

import json
import sys
from pathlib import Path

import requests
from common import FOLDER, call, made, same
from mlflow import MlflowClient
from mlflow.store.artifact.http_artifact_repo import HttpArtifactRepository

NAME, SIZE, PART = "resumed ä.bin", 26 * 1024 * 1024, 5 * 1024 * 1024
MPU = "/api/2.0/mlflow-artifacts/mpu"


def put(url: str, part: int, content: bytes) -> dict[str, object]:
    answer = requests.put(url, data=content[(part - 1) * PART : part * PART], timeout=60)
    answer.raise_for_status()
    return {"part_number": part, "etag": answer.headers["ETag"], "url": url}


def begin(path: str) -> str:
    content = made(NAME, SIZE).read_bytes()
    made_upload = call("POST", f"{MPU}/create/{path}", json={"path": NAME, "num_parts": 6}).json()
    urls = {each["part_number"]: each["url"] for each in made_upload["credentials"]}
    parts = [put(urls[part], part, content) for part in (2, 1, 4)]
    return json.dumps({"id": made_upload["upload_id"], "urls": urls, "parts": parts})


def resume(path: str, run_id: str, state: str) -> str:
    known = json.loads(state)
    sent = made(NAME, SIZE)
    content = sent.read_bytes()
    # A part that was sent already may be sent again: the last one counts.
    parts = {part["part_number"]: part for part in known["parts"]}
    for part in (4, 3, 5, 6):
        parts[part] = put(known["urls"][str(part)], part, content)
    body = {"path": NAME, "upload_id": known["id"], "parts": [parts[part] for part in sorted(parts)]}
    call("POST", f"{MPU}/complete/{path}", json=body)
    return same(sent, Path(MlflowClient().download_artifacts(run_id, NAME, dst_path=str(FOLDER))))


def whole(run_id: str) -> str:
    back = FOLDER / "back"
    back.mkdir(exist_ok=True)
    return same(made(NAME, SIZE), Path(MlflowClient().download_artifacts(run_id, NAME, dst_path=str(back))))


def broken(run_id: str) -> str:
    sent, stock, failed = made("broken.bin", 33 * 1024 * 1024), HttpArtifactRepository._upload_part, []

    def upload_part(credential, *args, **more):
        if credential.part_number == 3 and not failed:
            failed.append(credential)
            raise ConnectionError("the network went away")
        return stock(credential, *args, **more)

    HttpArtifactRepository._upload_part = staticmethod(upload_part)
    client = MlflowClient()
    try:
        client.log_artifact(run_id, str(sent))
    except Exception:
        pass
    else:
        raise AssertionError("a lost part must be an error")
    if any(file.path == "broken.bin" for file in client.list_artifacts(run_id)):
        raise AssertionError("half a file is there")
    late = requests.put(failed[0].url, data=b"late", timeout=60)
    if late.ok:
        raise AssertionError("the upload was not given up")
    client.log_artifact(run_id, str(sent))
    back = FOLDER / "back"
    back.mkdir(exist_ok=True)
    return same(sent, Path(client.download_artifacts(run_id, "broken.bin", dst_path=str(back))))


action = {"begin": begin, "resume": resume, "whole": whole, "broken": broken}[sys.argv[1]]
arguments = [sys.stdin.read() if each == "-" else each for each in sys.argv[2:]]
try:
    print(json.dumps({"step": sys.argv[1], "status": "ok", "message": action(*arguments)}), flush=True)
except requests.HTTPError as error:
    raise SystemExit(f"{error}: {error.response.text}") from error
