"""Requests sent by requests itself, verified on what arrived."""

import io
from pathlib import Path

import pytest
import requests

from capture import Answer, CaptureServer, Received
from expectations import assert_signed
from mlflow_gatehouse import GatehouseAuth, RefusedError
from mlflow_gatehouse.body import LONGEST_STREAM

pytestmark = pytest.mark.usefixtures("own_keys")


def send(server: CaptureServer, method: str, target: str, **options: object) -> Received:
    answer = requests.request(method, server.url + target, auth=GatehouseAuth(), timeout=10, **options)
    assert answer.status_code == 200
    request = server.last()
    assert_signed(request)
    return request


@pytest.mark.parametrize(
    "path",
    ["/", "/a b/c", "/m%C3%BCnchen", "/東京.txt", "/a:b@c=d;e,f", "/a+b(1)'!*$&.txt", "/100%25", "/~x_-.y", "/a%3Ab"],
)
def test_paths(server: CaptureServer, path: str) -> None:
    send(server, "GET", f"/api/2.0/mlflow-artifacts/artifacts{path}")


def test_a_path_means_the_same_after_signing(server: CaptureServer) -> None:
    request = send(server, "GET", "/a b/ü:@=+%2B")
    assert request.path == "/a%20b/%C3%BC%3A%40%3D%2B%2B"
    assert request.decoded_path == "/a b/ü:@=++"


@pytest.mark.parametrize(
    "params",
    [
        {"filter": "name = 'a b' AND x LIKE '%+/~*'"},
        [("order_by", "name DESC"), ("order_by", "a"), ("trace_ids", "tr-2"), ("trace_ids", "tr-1"), ("A", "1")],
        {"empty": "", "ünï": "日本"},
    ],
)
def test_parameters(server: CaptureServer, params: object) -> None:
    request = send(server, "GET", "/api/2.0/mlflow/registered-models/search", params=params)
    expected: dict[str, list[str]] = {}
    for name, value in params.items() if isinstance(params, dict) else params:
        expected.setdefault(name, []).append(value)
    assert request.parameters == expected
    assert "+" not in request.query


def test_query_written_by_hand(server: CaptureServer) -> None:
    request = send(server, "GET", "/x?path=a/b:c@d&flag&&k=v=w#part")
    assert request.parameters == {"path": ["a/b:c@d"], "flag": [""], "k": ["v=w"]}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("body", [None, b"", "", io.BytesIO(b"")])
def test_empty_bodies(server: CaptureServer, method: str, body: object) -> None:
    assert send(server, method, "/x", data=body).body == b""


@pytest.mark.parametrize("body", [b"\x00\xff", "grüße", bytearray(b"abc"), memoryview(b"abc"), {"form": "a b"}])
def test_bodies_in_memory(server: CaptureServer, body: object) -> None:
    assert send(server, "POST", "/x", data=body).body


def test_json(server: CaptureServer) -> None:
    assert send(server, "POST", "/x", json={"name": "ü"}).header("Content-Type") == "application/json"


@pytest.mark.parametrize("size", [0, 1, 3 * 1024 * 1024 + 1])
def test_file_objects(server: CaptureServer, tmp_path: Path, size: int) -> None:
    file = tmp_path / "mödel 1.bin"
    file.write_bytes(b"x" * size)
    with file.open("rb") as stream:
        assert len(send(server, "PUT", "/artifacts/mödel 1.bin", data=stream).body) == size


def test_a_file_is_sent_from_where_it_stands(server: CaptureServer, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"0123456789")
    with file.open("rb") as stream:
        stream.seek(4)
        assert send(server, "PUT", "/x", data=stream).body == b"456789"


def test_a_text_file(server: CaptureServer, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("grüße\n", encoding="utf-8")
    with file.open(encoding="utf-8") as stream, pytest.warns(requests.exceptions.FileModeWarning):
        assert send(server, "PUT", "/x", data=stream).body == "grüße\n".encode()


class Unseekable(io.RawIOBase):
    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray) -> int:
        return self._content.readinto(buffer)


@pytest.mark.parametrize("content", [b"", b"part one, part two"])
def test_streams(server: CaptureServer, content: bytes) -> None:
    assert send(server, "PUT", "/x", data=Unseekable(content)).body == content
    assert send(server, "PUT", "/x", data=(content[at : at + 4] for at in range(0, len(content), 4))).body == content


def test_an_endless_stream_is_refused(server: CaptureServer) -> None:
    chunk = b"x" * (LONGEST_STREAM // 4)
    with pytest.raises(RefusedError, match="longer than 10 MiB"):
        requests.put(server.url, data=iter(lambda: chunk, None), auth=GatehouseAuth(), timeout=10)
    assert server.received == []


def test_a_retry_sends_the_same_file_again(server: CaptureServer, tmp_path: Path) -> None:
    server.answer = lambda _: Answer(503 if len(server.received) == 1 else 200)
    file = tmp_path / "file"
    file.write_bytes(b"content")
    retry = requests.adapters.Retry(total=1, status_forcelist=[503], allowed_methods=None)
    with requests.Session() as session, file.open("rb") as stream:
        session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retry))
        assert session.put(server.url + "/x", data=stream, auth=GatehouseAuth(), timeout=10).status_code == 200
    for request in server.received:
        assert_signed(request)
        assert request.body == b"content"


def test_a_host_header_of_the_callers_is_signed(server: CaptureServer) -> None:
    headers = {"Host": "abc.execute-api.eu-west-1.amazonaws.com"}
    assert send(server, "GET", "/x", headers=headers).header("Host") == headers["Host"]


def test_stale_and_foreign_headers_are_replaced(server: CaptureServer) -> None:
    stale = {"Authorization": "Bearer x", "X-Amz-Date": "1", "x-amz-content-sha256": "UNSIGNED-PAYLOAD"}
    send(server, "GET", "/x", headers=stale)


def test_keys_without_session_token(server: CaptureServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SESSION_TOKEN")
    requests.get(server.url + "/x", auth=GatehouseAuth(), timeout=10)
    assert_signed(server.last(), ("ASIAOWN", "own-secret/key+x", None))
