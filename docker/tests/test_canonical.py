"""One spelling of a path; the same answers as `authorizer/catalogue/canonical.ts`."""

import pytest

from gatehouse_mlflow.canonical import non_canonical_reason


@pytest.mark.parametrize(
    "path",
    [
        b"/",
        b"/api/2.0/mlflow/runs/get",
        b"/api/2.0/mlflow-artifacts/artifacts/1/a%20b",
        b"/a/b%3Ac",
        b"/a/b:c@d!$&'()*+,;=",
        b"/a/%40%21",
        b"/a/%C3%A9",
        b"/a/100%25",
        b"/a/...",
        b"/api/2.0/mlflow-artifacts/mpu/create/",
    ],
)
def test_accepts(path: bytes) -> None:
    assert non_canonical_reason(path) is None


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (b"", "does not start"),
        (b"*", "does not start"),
        (b"http://host/api", "does not start"),
        (b"//api/2.0", "empty segment"),
        (b"/api//2.0", "empty segment"),
        (b"/api/./x", "dot segment"),
        (b"/api/..", "dot segment"),
        (b"/api/%2e%2e/x", "needs no encoding"),
        (b"/api%2F2.0", "encoded separator"),
        (b"/api%2f2.0", "encoded separator"),
        (b"/api%5C2.0", "encoded separator"),
        (b"/api\\2.0", "must be percent-encoded"),
        (b"/api/%00", "control character"),
        (b"/api/%0a", "control character"),
        (b"/api/%7F", "control character"),
        (b"/runs/%73earch", "needs no encoding"),
        (b"/runs/%7Ex", "needs no encoding"),
        (b"/runs/%", "malformed"),
        (b"/runs/%4", "malformed"),
        (b"/runs/%zz", "malformed"),
        (b"/runs/a b", "must be percent-encoded"),
        (b"/runs/a#b", "must be percent-encoded"),
        (b"/runs/\xc3\xa9", "must be percent-encoded"),
        (b"/runs/%C3", "not UTF-8"),
        (b"/runs/%C0%AF", "not UTF-8"),
        (b"/runs/%ED%A0%80", "not UTF-8"),
    ],
)
def test_refuses(path: bytes, reason: str) -> None:
    found = non_canonical_reason(path)
    assert found is not None
    assert reason in found
