"""Credentials go to the tracking server, and nowhere else."""

import logging

import pytest
import requests

from capture import Answer, CaptureServer
from expectations import assert_signed, assert_unsigned
from mlflow_gatehouse import GatehouseAuth, RefusedError
from mlflow_gatehouse.origins import check_transport, is_trusted
from mlflow_gatehouse.settings import Settings, read_settings

pytestmark = pytest.mark.usefixtures("own_keys")
AUTH = GatehouseAuth()


def test_another_host_gets_no_signature_and_is_named_once(
    server: CaptureServer, elsewhere: CaptureServer, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        requests.get(elsewhere.url + "/artifact", auth=AUTH, timeout=10)
    for request in elsewhere.received:
        assert_unsigned(request)
    assert [record.levelno for record in caplog.records if "GATEHOUSE_API_URIS" in record.message] == [logging.WARNING]


def test_a_further_api_can_be_named(
    server: CaptureServer, elsewhere: CaptureServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GATEHOUSE_API_URIS", f"https://a.example, {elsewhere.url}/prod")
    requests.get(elsewhere.url + "/x", auth=AUTH, timeout=10)
    assert_signed(elsewhere.last())


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_elsewhere_carries_nothing(server: CaptureServer, elsewhere: CaptureServer, status: int) -> None:
    server.answer = lambda _: Answer(status, b"", {"Location": f"{elsewhere.url}/presigned?X-Amz-Signature=abc"})
    assert requests.get(server.url + "/x", auth=AUTH, timeout=10).status_code == 200
    assert_signed(server.last())
    assert_unsigned(elsewhere.last())


def test_a_redirect_elsewhere_with_the_body_is_not_followed(server: CaptureServer, elsewhere: CaptureServer) -> None:
    server.answer = lambda _: Answer(307, b"", {"Location": elsewhere.url})
    with pytest.raises(RefusedError, match="redirects a POST with its body"):
        requests.post(server.url + "/x", data=b"content", auth=AUTH, timeout=10)
    assert elsewhere.received == []


def test_there_and_back_is_not_signed_again(server: CaptureServer, elsewhere: CaptureServer) -> None:
    server.answer = lambda request: Answer(
        302 if request.path == "/x" else 200, b"", {"Location": elsewhere.url} if request.path == "/x" else {}
    )
    elsewhere.answer = lambda _: Answer(302, b"", {"Location": f"{server.url}/api/delete"})
    requests.get(server.url + "/x", auth=AUTH, timeout=10)
    assert [request.path for request in server.received] == ["/x", "/api/delete"]
    assert_unsigned(elsewhere.last())
    assert_unsigned(server.last())


@pytest.mark.parametrize("data", [None, b"content"])
def test_a_redirect_at_home_is_signed_anew(server: CaptureServer, data: bytes | None) -> None:
    hops = {"/x": "/y z?b=a+b&a=:@", "/y%20z": f"{server.url}/last"}
    server.answer = lambda request: (
        Answer(307, b"", {"Location": hops[request.path]}) if request.path in hops else Answer()
    )
    answer = requests.post(server.url + "/x", data=data, auth=AUTH, timeout=10)
    assert [request.path for request in server.received] == ["/x", "/y%20z", "/last"]
    assert len(answer.history) == 2
    for request in server.received:
        assert_signed(request)
        assert request.body == (data or b"")


def test_a_redirect_that_is_not_followed_comes_back(server: CaptureServer) -> None:
    server.answer = lambda _: Answer(302, b"", {"Location": "/y"})
    assert requests.get(server.url + "/x", auth=AUTH, timeout=10, allow_redirects=False).status_code == 302


@pytest.mark.parametrize(
    ("uri", "asked", "trusted"),
    [
        ("https://api.example/prod", "https://API.example:443/other", True),
        ("https://api.example", "http://api.example", False),
        ("https://api.example", "https://api.example:8443", False),
        ("https://api.example", "https://api.example.evil.test", False),
        ("https://api.example", "https://api.example@evil.test/", False),
        ("https://user:pw@api.example", "https://api.example/", True),
        ("databricks", "https://api.example", False),
        ("https://[::1]:5000", "https://[::1]:5000/x", True),
    ],
)
def test_origins(monkeypatch: pytest.MonkeyPatch, uri: str, asked: str, trusted: bool) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert is_trusted(asked, Settings()) is trusted


def test_plain_http_is_refused_off_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://registry.example")
    with pytest.raises(RefusedError, match="plain http: use https"):
        requests.get("http://registry.example/version", auth=AUTH, timeout=10)
    monkeypatch.setenv("GATEHOUSE_ALLOW_HTTP", "1")
    check_transport("http://registry.example/version", read_settings())
    for loopback in ("http://localhost:5000", "http://127.8.9.1", "http://[::1]:80", "https://registry.example"):
        check_transport(loopback, Settings())
