"""Why a raw request path is refused. Port of `authorizer/catalogue/canonical.ts`: the same rules in the same order,
with the same reasons.

MLflow serves `//api/...`, `/api%2F2.0/...` and `/runs/%73earch` as if they were the plain path, so two spellings of
one path could get two answers.
"""

import re
from urllib.parse import unquote_to_bytes

_FORBIDDEN = re.compile(rb"[^A-Za-z0-9\-._~!$&'()*+,;=:@%/]")
_HEX = re.compile(rb"[0-9A-Fa-f]{2}")
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def non_canonical_reason(path: bytes) -> str | None:
    """Returns a sentence, or None when the path (as on the request line, without query) is canonical."""
    if not path.startswith(b"/"):
        return "the path does not start with `/`"
    if b"//" in path:
        return "the path holds an empty segment (`//`)"
    if any(segment in (b".", b"..") for segment in path.split(b"/")):
        return "the path holds a dot segment"
    if _FORBIDDEN.search(path):
        return "the path holds a character that must be percent-encoded"
    if b"%" not in path:
        return None
    for after in path.split(b"%")[1:]:
        digits = after[:2]
        if not _HEX.fullmatch(digits):
            return "the path holds a malformed percent escape"
        escape, byte = f"`%{digits.decode()}`", int(digits, 16)
        if byte < 0x20 or byte == 0x7F:
            return f"the path holds an encoded control character ({escape})"
        if byte in (0x2F, 0x5C):
            return f"the path holds an encoded separator ({escape})"
        if byte in _UNRESERVED:
            return f"the path encodes a character that needs no encoding ({escape})"
    try:
        unquote_to_bytes(path).decode()
    except UnicodeDecodeError:
        return "the path is not UTF-8"
    return None
