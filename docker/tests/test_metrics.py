"""Figures for Prometheus: on their own port, of all workers together, with nobody's name in them."""

import http.client
import json
import os
import re
import socket
import time
from pathlib import Path

import pytest
from conftest import arn
from server import ADMIN, PLATFORM, READER, SCIENTIST, running

from gatehouse_mlflow.metrics import Counted, Measured, exposition, measured, together

SEARCH = "/api/2.0/mlflow/experiments/search"
LINE = re.compile(r'[a-z_]+\{(?:[a-z]+="[^"\n]*",?)+\} [0-9.]+')


def scrape(port: int, path: str = "/metrics") -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def test_off_unless_asked_for() -> None:
    async def app(*_: object) -> None: ...

    assert measured(app, {}) is app


def test_buckets_add_up() -> None:
    counted = Counted()
    for seconds in (0.001, 0.005, 0.3, 100.0):
        counted.add("GET", "/version", 200, seconds)
    lines = list(exposition(counted))
    at = 'gatehouse_request_seconds_bucket{method="GET",route="/version",le='
    assert f'{at}"0.005"}} 2' in lines
    assert f'{at}"0.25"}} 2' in lines
    assert f'{at}"0.5"}} 3' in lines
    assert f'{at}"30.0"}} 3' in lines
    assert f'{at}"+Inf"}} 4' in lines
    assert 'gatehouse_request_seconds_sum{method="GET",route="/version"} 100.306000' in lines


def test_workers_that_have_ended_still_count(tmp_path: Path) -> None:
    for name in ("1", "2"):
        counted = Counted()
        counted.add("GET", "/version", 200, 0.2)
        (tmp_path / f"{name}.json").write_text(json.dumps(counted.rows()))
    (tmp_path / "3.new").write_text("half")
    assert together(tmp_path).requests == {("GET", "/version", "200"): 2}
    assert together(tmp_path).seconds["GET", "/version"] == pytest.approx(0.4)


def test_what_fails_inside_counts_as_500() -> None:
    import asyncio

    async def failing(*_: object) -> None:
        raise OSError

    counted = Counted()
    with pytest.raises(OSError):  # noqa: PT011
        asyncio.run(Measured(failing, counted)({"type": "http", "method": "GET"}, None, None))
    assert counted.requests == {("none", "none", "500"): 1}


def test_a_server_of_two_workers(tmp_path: Path) -> None:
    port = free_port()
    with running(tmp_path, GATEHOUSE_METRICS_PORT=str(port), GATEHOUSE_WORKERS="2") as server:
        for _ in range(10):
            assert server.call("GET", f"{SEARCH}?max_results=5", READER).status == 200
        assert server.call("POST", "/api/2.0/mlflow/experiments/create", READER, body={"name": "x"}).status == 403
        for odd in ('/nothing/"}', "/nothing%20here", "/n"):
            assert server.call("GET", odd, SCIENTIST).status in (400, 403)
        # Not where everything else is, for nobody.
        for caller in (READER, ADMIN, PLATFORM, arn("gatehouse-vision-scientist", "sam")):
            assert server.call("GET", "/metrics", caller).status == 403
        assert server.call("GET", "/metrics", proof=None).status == 401

        wanted = f'gatehouse_requests_total{{method="GET",route="{SEARCH}",status="200"}} 10'
        until, text = time.monotonic() + 30, ""
        while wanted not in text and time.monotonic() < until:
            try:
                text = scrape(port)[1]
            except OSError:
                time.sleep(0.2)
        assert wanted in text
        assert 'route="/api/2.0/mlflow/experiments/create",status="403"} 1' in text
        assert re.search(r'method="none",route="none",status="40[03]"} \d', text)
        for line in text.splitlines():
            assert line.startswith("# ") or LINE.fullmatch(line), line
        assert not any(word in text for word in ("rita", "sam", "vision", "nothing"))
        assert scrape(port, "/")[0] == 404
        assert scrape(port, f"{SEARCH}?max_results=5")[0] == 404
        assert os.environ.get("GATEHOUSE_METRICS_FOLDER") is None
