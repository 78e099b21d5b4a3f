"""The body of a request: hashed for the signature and left so that it can be sent, and sent again on a retry."""

import hashlib
from collections.abc import Iterable
from typing import Any

from requests import PreparedRequest

from mlflow_gatehouse.errors import RefusedError

# API Gateway takes 10 MB a request, so a stream that must be held in memory to be hashed can't usefully be longer.
LONGEST_STREAM = 10 * 1024 * 1024
_CHUNK = 1024 * 1024
_EMPTY = hashlib.sha256(b"").hexdigest()


def seal_body(request: PreparedRequest) -> str:
    """Return the SHA-256 of what will be sent, with its length declared and never chunked.

    A file is hashed in chunks and put back to where it stood. A stream that can be read only once is read into memory.

    Raises:
        RefusedError: such a stream is longer than API Gateway takes.
    """
    body: Any = request.body
    if body is None:
        # An empty file arrives here on the way to a second signature, already replaced by nothing.
        return _EMPTY
    if isinstance(body, (str, bytes, bytearray, memoryview)):
        return _replace(request, body.encode() if isinstance(body, str) else bytes(body))
    if _is_seekable(body):
        start = body.tell()
        digest, length = hashlib.sha256(), 0
        while (chunk := body.read(_CHUNK)) and not isinstance(chunk, str):
            digest.update(chunk)
            length += len(chunk)
        body.seek(start)
        if length:
            _declare(request, length)
            return digest.hexdigest()
    return _replace(request, _read_stream(body))


def _is_seekable(body: Any) -> bool:
    if not all(hasattr(body, name) for name in ("read", "seek", "tell")):
        return False
    try:
        return not hasattr(body, "seekable") or bool(body.seekable())
    except (OSError, ValueError):
        return False


def _read_stream(body: Any) -> bytes:
    held = bytearray()
    for chunk in _chunks(body):
        held += chunk.encode() if isinstance(chunk, str) else chunk
        if len(held) > LONGEST_STREAM:
            raise RefusedError(
                f"a streamed body longer than {LONGEST_STREAM // 1024**2} MiB can't be signed; pass a file instead, "
                "or let MLflow upload in parts straight to S3 (MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE=1)"
            )
    return bytes(held)


def _chunks(body: Any) -> Iterable[Any]:
    return iter(lambda: body.read(_CHUNK) or None, None) if hasattr(body, "read") else body


def _replace(request: PreparedRequest, content: bytes) -> str:
    request.body = content or None
    # What requests would seek to on a redirect belongs to the body that was replaced.
    request._body_position = None
    if content or request.method not in ("GET", "HEAD"):
        _declare(request, len(content))
    else:
        request.headers.pop("Transfer-Encoding", None)
    return hashlib.sha256(content).hexdigest()


def _declare(request: PreparedRequest, length: int) -> None:
    request.headers.pop("Transfer-Encoding", None)
    request.headers["Content-Length"] = str(length)
