"""A throw-away PostgreSQL and a Secrets Manager that knows its password."""

import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import psycopg

USER = "mlflow"
ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:rds!cluster-test"


@dataclass
class Secret:
    """The current password, as Secrets Manager would answer it, and how often it was asked for."""

    password: str
    asked: int = 0


@dataclass(frozen=True)
class Database:
    """A running PostgreSQL with one superuser."""

    port: int

    def run(self, password: str, statement: str) -> list[Any]:
        """Executes a statement as the superuser."""
        where = {"host": "127.0.0.1", "port": self.port, "user": USER, "dbname": "postgres"}
        with psycopg.connect(**where, password=password, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


def installed() -> Path | None:
    """The folder of PostgreSQL's programs, if it is on this machine."""
    found = shutil.which("initdb") or shutil.which("postgres")
    return Path(found).resolve().parent if found else None


@contextmanager
def database(programs: Path, password: str) -> Iterator[Database]:
    """PostgreSQL refuses to run as root, so root hands the folder to another user."""
    user = _ordinary_user() if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="gatehouse-postgres-"))
    secret = folder / "password"
    secret.write_text(password)
    if user:
        for item in (folder, secret):
            shutil.chown(item, user)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = folder / "data"
    quiet: dict[str, Any] = {"check": True, "user": user, "cwd": folder, "stdout": subprocess.DEVNULL}
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    control = [str(programs / "pg_ctl"), "-D", str(data), "-w", "-l", str(folder / "log")]
    try:
        make = [
            str(programs / "initdb"),
            "-D",
            str(data),
            "-U",
            USER,
            "-A",
            "scram-sha-256",
            f"--pwfile={secret}",
            "-N",
        ]
        subprocess.run(make, **quiet)
        subprocess.run([*control, "-o", options, "start"], **quiet)
        try:
            started = Database(port)
            started.run(password, "create database mlflow")
            yield started
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], **quiet)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _ordinary_user() -> str:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise RuntimeError("PostgreSQL can't run as root, and this machine has neither `postgres` nor `nobody`")


@contextmanager
def secrets_manager(secret: Secret) -> Iterator[str]:
    """The address of a server that answers GetSecretValue."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            assert self.headers["X-Amz-Target"] == "secretsmanager.GetSecretValue"
            secret.asked += 1
            value = json.dumps({"username": USER, "password": secret.password})
            body = json.dumps({"ARN": asked["SecretId"], "SecretString": value}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
