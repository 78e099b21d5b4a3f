"""A real server for a test: started through the console script, in its own process group, ended in all cases."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conftest import KEY, PROOF, SETTING, arn

READER = arn("gatehouse-vision-reader", "rita")
SCIENTIST = arn("gatehouse-vision-scientist", "sam")
SPEECH = arn("gatehouse-speech-scientist", "sue")
ADMIN = arn("gatehouse-vision-admin", "adam")
PLATFORM = arn("gatehouse-central-platform-admin", "pat")

START_SECONDS = 150
ORIGIN = "https://ui.example"


@dataclass(frozen=True)
class Answer:
    """Status, headers and parsed body of an answer."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Server:
    """Where the server is, and how the gateway would call it."""

    port: int
    data: Path

    def call(
        self,
        method: str,
        path: str,
        caller: str = "",
        *,
        body: Any = None,
        assertion: str = "",
        proof: str | None = PROOF,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> Answer:
        """Sends exactly this path and these headers, in this order and as often as given."""
        sent = [("X-Gatehouse-Caller", caller), ("X-Gatehouse-Assertion", assertion), *headers]
        if proof is not None:
            sent.append(("X-Gatehouse-Proof", proof))
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if isinstance(body, dict):
            sent.append(("Content-Type", "application/json"))
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.putrequest(method, path)
            for name, value in sent:
                connection.putheader(name, value)
            if data is not None:
                connection.putheader("Content-Length", str(len(data)))
            connection.endheaders(data)
            response = connection.getresponse()
            text = response.read()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, _parsed(text))
        finally:
            connection.close()


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def environment(data: Path, port: int, **changes: str) -> dict[str, str]:
    """What the container is told, with a database and artifacts in this folder."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(data),
        **{name: value for name, value in os.environ.items() if name.startswith("PYTHON")},
        "GATEHOUSE_ACCESS": json.dumps(SETTING),
        "GATEHOUSE_PROOF": f"{PROOF} {PROOF}-next",
        "GATEHOUSE_ASSERTION_KEY": KEY,
        "GATEHOUSE_DATABASE": f"sqlite:///{data}/mlflow.db",
        "GATEHOUSE_ARTIFACTS": str(data / "artifacts"),
        "GATEHOUSE_HOST": "127.0.0.1",
        "GATEHOUSE_PORT": str(port),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "f" * 40,
        "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": "A" * 43 + "=",
        "MLFLOW_CRYPTO_KEK_PASSPHRASE": "c" * 40,
        "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": ORIGIN,
        **changes,
    }


@contextmanager
def running(data: Path, **changes: str) -> Iterator[Server]:
    """Starts the server on a free port and waits until it is healthy."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = environment(data, port, **changes)
    log = data / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name("gatehouse-mlflow"))],
            env=environ,
            cwd=data,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        server = Server(port, data)
        _wait(server, process, log)
        yield server
    finally:
        # The group, since a worker outlives a parent that is killed.
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, number)
            except ProcessLookupError:
                break
            if number is signal.SIGTERM:
                try:
                    process.wait(10)
                except subprocess.TimeoutExpired:
                    continue
        process.wait(10)


def _wait(server: Server, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            break
        try:
            if server.call("GET", "/health", proof=None).body == b"OK":
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not start:\n" + log.read_text()[-4000:])
