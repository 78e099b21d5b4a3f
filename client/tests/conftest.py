"""A clean environment for each test, a capture server as the tracking server, and a loopback STS."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from capture import CaptureServer
from expectations import ACCESS_KEY, REGION, ROLE, SECRET_KEY, TOKEN
from mlflow_gatehouse import credentials, notices, region
from sts_server import StsServer


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(("AWS_", "GATEHOUSE_", "MLFLOW_")) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    for name, value in {
        "HOME": str(home),
        "NETRC": str(home / "netrc"),
        "AWS_CONFIG_FILE": str(home / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(home / "credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
        "MLFLOW_TRACKING_AUTH": "gatehouse",
    }.items():
        monkeypatch.setenv(name, value)
    credentials._ambient.clear()
    credentials._roles.clear()
    region._profile_region.cache_clear()
    notices._said.clear()


@pytest.fixture
def own_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
    monkeypatch.setenv("AWS_REGION", REGION)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[CaptureServer]:
    capture = CaptureServer()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", capture.url)
    yield capture
    capture.close()


@pytest.fixture
def elsewhere() -> Iterator[CaptureServer]:
    capture = CaptureServer()
    yield capture
    capture.close()


@pytest.fixture
def sts(monkeypatch: pytest.MonkeyPatch, own_keys: None) -> Iterator[StsServer]:
    loopback = StsServer()
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", loopback.url)
    monkeypatch.setenv("GATEHOUSE_ROLE_ARN", ROLE)
    yield loopback
    loopback.close()
