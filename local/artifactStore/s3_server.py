"""An S3 server (moto) on a free loopback port, whose objects lie in a folder and are there again after a restart.

Started by the local run: `s3_server.py FOLDER`, with the buckets as JSON on its input. It says its port on its output
and ends when its input is closed, so that it never outlives whoever started it.
"""

import json
import logging
import sys
import threading
import uuid
from pathlib import Path
from typing import Any

from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from moto.s3.models import S3Backend, s3_backends
from werkzeug.serving import make_server


class Journal:
    """Every write in the order it happened; contents are files beside it. What the folder holds is only appended to."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "journal.jsonl"
        self._objects = folder / "objects"
        self._objects.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = threading.Lock()

    def put(self, bucket: str, key: str, etag: str | None, content: bytes) -> None:
        name = uuid.uuid4().hex
        # The content first: a line is never without its file.
        (self._objects / name).write_bytes(content)
        self._append({"put": name, "bucket": bucket, "key": key, "etag": etag})

    def delete(self, bucket: str, key: str) -> None:
        self._append({"delete": True, "bucket": bucket, "key": key})

    def _append(self, entry: dict[str, Any]) -> None:
        with self._lock, self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

    def replay(self, backend: S3Backend) -> None:
        if not self._file.exists():
            return
        for line in self._file.read_text(encoding="utf-8").splitlines():
            try:
                entry = json.loads(line)
            except ValueError:
                # The last line of a run that was killed in the middle of it.
                continue
            if entry["bucket"] not in backend.buckets:
                continue
            if "put" in entry:
                content = (self._objects / entry["put"]).read_bytes()
                backend.put_object(
                    entry["bucket"], entry["key"], content, etag=entry["etag"]
                )
            else:
                backend.delete_object(entry["bucket"], entry["key"])


def keep(journal: Journal) -> None:
    """From now on every object that moto takes or deletes is in the journal before the client is told so."""
    put, delete = S3Backend.put_object, S3Backend.delete_object

    def put_object(
        self: S3Backend,
        bucket_name: str,
        key_name: str,
        value: bytes,
        *args: Any,
        **more: Any,
    ) -> Any:
        made = put(self, bucket_name, key_name, value, *args, **more)
        journal.put(bucket_name, key_name, more.get("etag"), value)
        return made

    def delete_object(
        self: S3Backend, bucket_name: str, key_name: str, *args: Any, **more: Any
    ) -> Any:
        answer = delete(self, bucket_name, key_name, *args, **more)
        journal.delete(bucket_name, key_name)
        return answer

    S3Backend.put_object = put_object  # type: ignore[method-assign]
    S3Backend.delete_object = delete_object  # type: ignore[method-assign]


def main() -> None:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    wanted = json.loads(sys.stdin.readline())
    journal = Journal(Path(sys.argv[1]))
    # The account that moto takes an unknown access key for.
    backend = s3_backends["123456789012"]["aws"]
    for bucket in wanted["buckets"]:
        backend.create_bucket(bucket["name"], wanted["region"])
        if bucket["versions"]:
            backend.put_bucket_versioning(bucket["name"], "Enabled")
    journal.replay(backend)
    keep(journal)
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server(
        "127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"port": server.server_port}), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
