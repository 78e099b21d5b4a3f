"""Verifies a received request twice: by AWS's canonical form, decoded and encoded anew, and by botocore's own."""

import hashlib
import hmac
import re
from urllib.parse import quote, unquote_to_bytes

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from capture import Received

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request, SignedHeaders=([^,]+), "
    r"Signature=([0-9a-f]{64})"
)


def verify(request: Received, access_key: str, secret_key: str, token: str | None, region: str) -> None:
    """Assert that API Gateway would accept the request."""
    match = _AUTHORIZATION.fullmatch(request.header("Authorization") or "")
    assert match, f"no SigV4 signature on {request.method} {request.target}"
    key_id, day, scope_region, service, signed_text, signature = match.groups()
    signed = signed_text.split(";")
    assert (key_id, scope_region, service) == (access_key, region, "execute-api")
    assert request.header("X-Amz-Security-Token") == token
    assert {"host", "x-amz-date"} <= set(signed)
    assert {name.lower() for name, _ in request.headers if name.lower().startswith("x-amz-")} <= set(signed)
    assert request.header("Transfer-Encoding") is None
    digest = hashlib.sha256(request.body).hexdigest()
    assert request.header("X-Amz-Content-SHA256") == digest

    stamp = request.header("X-Amz-Date")
    assert stamp
    assert stamp.startswith(day)
    headers = "".join(f"{name}:{' '.join((request.header(name) or '').split())}\n" for name in signed)
    twice = _encode(_encode_path(request.path)).replace("%2F", "/")
    as_sent = quote(request.path, safe="/~")
    assert twice == as_sent, "a verifier that decodes first and one that encodes what was sent would disagree"
    text = "\n".join([request.method, twice, _canonical_query(request.query), headers, signed_text, digest])
    assert signature == _signature(text, secret_key, stamp, region), f"AWS's form of {request.method} {request.target}"

    # What botocore makes of the same bytes.
    again = AWSRequest(
        method=request.method,
        url=f"http://{request.header('Host')}{request.target}",
        headers={name: request.header(name) for name in signed},
    )
    again.context["timestamp"] = stamp
    canonical = SigV4Auth(Credentials(access_key, secret_key, token), "execute-api", region).canonical_request(again)
    assert signature == _signature(canonical, secret_key, stamp, region), f"botocore's form of {request.target}"


def _encode(text: str | bytes) -> str:
    return quote(text, safe="")


def _encode_path(path: str) -> str:
    return "/".join(_encode(unquote_to_bytes(segment)) for segment in path.split("/"))


def _canonical_query(query: str) -> str:
    pairs = []
    for pair in filter(None, query.split("&")):
        name, _, value = pair.partition("=")
        pairs.append(tuple(_encode(unquote_to_bytes(part.replace("+", " "))) for part in (name, value)))
    return "&".join(f"{name}={value}" for name, value in sorted(pairs))


def _signature(canonical: str, secret_key: str, stamp: str, region: str) -> str:
    scope = f"{stamp[:8]}/{region}/execute-api/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{secret_key}".encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
