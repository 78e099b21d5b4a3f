"""What this package signs is what AWS's canonical form and botocore compute; a changed request never is."""

import random
from dataclasses import replace

import pytest
import requests

from capture import Received
from expectations import assert_signed
from random_requests import random_request

SEED = 20261125
COUNT = 400


def received(prepared: requests.PreparedRequest) -> Received:
    """The request as it arrives: requests sends path_url and these headers, urllib3 adds Host."""
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body or b""
    headers = [(name, value if isinstance(value, str) else value.decode()) for name, value in prepared.headers.items()]
    host = prepared.url.split("/")[2]
    return Received(prepared.method, prepared.path_url, [("Host", host), *headers], body)


def flipped(request: Received, rng: random.Random) -> Received:
    """The request with one byte of its path, query, body or signature changed."""
    spots = [
        at for at, letter in enumerate(request.target) if letter.isalnum() and "%" not in request.target[at - 2 : at]
    ]
    kind = rng.choice(["target", "signature", *(["body"] if request.body else [])])
    if kind == "target":
        at = rng.choice(spots)
        other = "q" if request.target[at] != "q" else "r"
        return replace(request, target=request.target[:at] + other + request.target[at + 1 :])
    if kind == "body":
        at = rng.randrange(len(request.body))
        return replace(request, body=request.body[:at] + bytes([request.body[at] ^ 1]) + request.body[at + 1 :])
    changed = [
        (name, value[:-1] + ("0" if value[-1] != "0" else "1")) if name == "Authorization" else (name, value)
        for name, value in request.headers
    ]
    return replace(request, headers=changed)


@pytest.mark.usefixtures("own_keys")
def test_any_request_is_signed_as_aws_computes_it_and_no_changed_one_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:8080/prod")
    rng = random.Random(SEED)
    for number in range(COUNT):
        request = received(random_request(rng, "http://127.0.0.1:8080"))
        try:
            assert_signed(request)
        except AssertionError as error:
            raise AssertionError(f"request {number}: {request.method} {request.target}") from error
        with pytest.raises(AssertionError):
            assert_signed(flipped(request, rng))
