"""Figures for Prometheus, off unless `GATEHOUSE_METRICS_PORT` is set: how many requests, how they ended, how long they
took, by route of the catalogue. No person, workspace or name of a thing is in them.

They are served on a port of their own, which no gateway and no load balancer leads to. MLflow's own exporter would
answer beside everything else, see only what Flask serves, and needs a package more. Each worker writes what it counted
to a file; one of them answers for all, and what a worker counted that has ended still counts.
"""

import json
import os
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, MutableMapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from gatehouse_mlflow.log import log_line

#: In the scope of a request: the row of the catalogue that it matched.
ROUTE = "gatehouse.route"
FOLDER = "GATEHOUSE_METRICS_FOLDER"
PORT = "GATEHOUSE_METRICS_PORT"
HOST = "GATEHOUSE_METRICS_HOST"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_WRITE_SECONDS = 2.0
_BIND_SECONDS = 5.0
_NO_ROUTE = "none"

App = Callable[[Any, Any, Any], Awaitable[None]]
# Method, route, status.
Ended = tuple[str, str, str]
# Method, route.
Called = tuple[str, str]


class Counted:
    """What one worker has counted."""

    def __init__(self) -> None:
        self.requests: Counter[Ended] = Counter()
        self.buckets: dict[Called, list[int]] = defaultdict(lambda: [0] * (len(_BUCKETS) + 1))
        self.seconds: Counter[Called] = Counter()
        self._lock = threading.Lock()

    def add(self, method: str, route: str, status: int, seconds: float) -> None:
        """Notes one request that has ended."""
        place = next((place for place, most in enumerate(_BUCKETS) if seconds <= most), len(_BUCKETS))
        with self._lock:
            self.requests[method, route, str(status)] += 1
            self.buckets[method, route][place] += 1
            self.seconds[method, route] += seconds  # type: ignore[assignment]

    def rows(self) -> list[list[Any]]:
        """In a form that a file holds."""
        with self._lock:
            requests = [["requests", *key, value] for key, value in self.requests.items()]
            taken = [["seconds", *key, self.seconds[key], *counts] for key, counts in self.buckets.items()]
        return [*requests, *taken]

    def take(self, rows: list[list[Any]]) -> None:
        """Adds what another worker counted."""
        for kind, method, route, *values in rows:
            if kind == "requests":
                self.requests[method, route, values[0]] += values[1]
            else:
                self.seconds[method, route] += values[0]
                self.buckets[method, route] = [
                    old + new for old, new in zip(self.buckets[method, route], values[1:], strict=True)
                ]


class Measured:
    """The ASGI layer around the gate that counts."""

    def __init__(self, app: App, counted: Counted, clock: Callable[[], float] = time.monotonic):
        self._app = app
        self._counted = counted
        self._clock = clock

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, began = 500, self._clock()

        async def noted(message: MutableMapping[str, Any]) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            # Paths and methods that no row knows are a client's invention, of which there is no end.
            route = scope.get(ROUTE)
            method = scope["method"] if route else _NO_ROUTE
            self._counted.add(method, route or _NO_ROUTE, status, self._clock() - began)


def measured(app: App, environ: Mapping[str, str]) -> App:
    """The application, counted and its figures served where the environment asks for that."""
    folder = environ.get(FOLDER)
    if not folder or not environ.get(PORT):
        return app
    counted = Counted()
    exporter = Exporter(Path(folder), counted, environ[HOST], int(environ[PORT]))
    threading.Thread(target=exporter.run, name="metrics", daemon=True).start()
    return Measured(app, counted)


class Exporter:
    """Writes this worker's file; answers for all workers when the port is free."""

    def __init__(self, folder: Path, counted: Counted, host: str, port: int):
        self._folder = folder
        self._counted = counted
        self._address = (host, port)

    def run(self) -> None:
        """Never ends; a worker that can't write or listen goes on serving."""
        listening, tried = False, 0.0
        while True:
            try:
                self.write()
                # Another worker has the port, until it ends.
                if not listening and time.monotonic() - tried >= _BIND_SECONDS:
                    tried = time.monotonic()
                    listening = self._listen()
            except OSError as error:
                log_line("metrics", error=type(error).__name__)
            time.sleep(_WRITE_SECONDS)

    def write(self) -> None:
        """Replaces this worker's file at once, so that nobody reads half of one."""
        new = self._folder / f"{os.getpid()}.new"
        new.write_text(json.dumps(self._counted.rows()))
        new.replace(self._folder / f"{os.getpid()}.json")

    def _listen(self) -> bool:
        try:
            server = _Server(self._address, _handler(self._folder))
        except OSError:
            return False
        threading.Thread(target=server.serve_forever, name="metrics-server", daemon=True).start()
        log_line("metrics", port=server.server_address[1])
        return True


class _Server(ThreadingHTTPServer):
    daemon_threads = True


def _handler(folder: Path) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        # A client that says nothing holds no thread for long.
        timeout = 5
        server_version, sys_version = "gatehouse", ""

        def do_GET(self) -> None:
            found = self.path == "/metrics"
            body = "".join(f"{line}\n" for line in exposition(together(folder))).encode() if found else b""
            self.send_response(200 if found else 404)
            self.send_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


def together(folder: Path) -> Counted:
    """What all workers of this task have counted."""
    total = Counted()
    for file in sorted(folder.glob("*.json")):
        total.take(json.loads(file.read_text()))
    return total


def exposition(counted: Counted) -> Iterator[str]:
    """Prometheus's text format, 0.0.4. Source: prometheus.io, "Exposition formats"."""
    yield "# HELP gatehouse_requests_total Requests by route of the catalogue and status."
    yield "# TYPE gatehouse_requests_total counter"
    for (method, route, status), value in sorted(counted.requests.items()):
        yield f'gatehouse_requests_total{{method="{method}",route="{route}",status="{status}"}} {value}'
    yield "# HELP gatehouse_request_seconds Seconds from the request's first byte to the answer's last."
    yield "# TYPE gatehouse_request_seconds histogram"
    for (method, route), counts in sorted(counted.buckets.items()):
        labels, below = f'method="{method}",route="{route}"', 0
        for most, count in zip((*_BUCKETS, "+Inf"), counts, strict=True):
            below += count
            yield f'gatehouse_request_seconds_bucket{{{labels},le="{most}"}} {below}'
        yield f"gatehouse_request_seconds_sum{{{labels}}} {counted.seconds[method, route]:.6f}"
        yield f"gatehouse_request_seconds_count{{{labels}}} {below}"
