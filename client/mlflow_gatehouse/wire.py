"""The one spelling of a URL for which what is sent and what API Gateway signs are the same text."""

from urllib.parse import quote, unquote_to_bytes, urlsplit, urlunsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}


def strict_url(url: str) -> str:
    """Rewrite path and query so that every byte but RFC 3986's unreserved ones is percent-encoded.

    MLflow sends `+` for a space in the query, and `:`, `@` or `=` as they are in a path. A signer that encodes what was
    sent and a verifier that decodes first disagree on all of them. On the strict spelling they can't.
    """
    parts = urlsplit(url)
    path = "/".join(_strict(segment) for segment in parts.path.split("/")) or "/"
    pairs = (pair.partition("=") for pair in parts.query.replace("+", " ").split("&") if pair)
    query = "&".join(f"{_strict(name)}={_strict(value)}" for name, _, value in pairs)
    return urlunsplit((parts.scheme, parts.netloc, path, query, ""))


def host_header(url: str) -> str:
    """The Host header that Python's HTTP client sends for this URL: with the port, unless it is the scheme's own."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if ":" in host:
        host = f"[{host}]"
    if parts.port is None or parts.port == _DEFAULT_PORTS.get(parts.scheme):
        return host
    return f"{host}:{parts.port}"


def origin(url: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port of an http(s) URL; None for anything else."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not parts.hostname:
        return None
    return scheme, parts.hostname.rstrip("."), port if port is not None else _DEFAULT_PORTS[scheme]


def without_userinfo(url: str) -> str:
    """The URL as it may be printed: no user, password, query or fragment."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _strict(text: str) -> str:
    return quote(unquote_to_bytes(text), safe="")
