"""The keys that tests sign with, and what a request that arrived must or must not carry."""

from capture import Received
from verifier import verify

ACCESS_KEY, SECRET_KEY, TOKEN = "ASIAOWN", "own-secret/key+x", "own-token=="
REGION = "eu-west-1"
ROLE = "arn:aws:iam::111111111111:role/gatehouse/gatehouse-vision-scientist"


def assert_signed(request: Received, keys: tuple[str, str, str | None] = (ACCESS_KEY, SECRET_KEY, TOKEN)) -> None:
    verify(request, *keys, region=REGION)


def assert_signed_by_role(request: Received, number: int = 1) -> None:
    assert_signed(request, (f"ASIAROLE{number}", f"role-secret-{number}", f"role-token-{number}"))


def assert_unsigned(request: Received) -> None:
    text = repr(request.headers)
    assert request.header("Authorization") is None
    assert not [name for name, _ in request.headers if name.lower().startswith("x-amz-")]
    for secret in (ACCESS_KEY, SECRET_KEY, TOKEN):
        assert secret not in text
