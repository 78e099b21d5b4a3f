"""Which headers pass: what MLflow reads on the way there, what a browser needs on the way back."""

from collections.abc import Iterable, Mapping

# Jupyter's cookies and tokens, and whatever names a caller, stay on this side.
_SENT = ("accept", "accept-encoding", "accept-language", "content-type", "if-modified-since", "if-none-match", "range")
_SENT_PREFIX = "x-mlflow-"
_KEPT_BACK = (
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
)


def to_send(headers: Mapping[str, str]) -> dict[str, str]:
    """Of a browser's request, what goes to the gateway. MLflow's UI sends an empty value for no workspace: it stays."""
    return {
        name: value
        for name, value in headers.items()
        if value and (name.lower() in _SENT or name.lower().startswith(_SENT_PREFIX))
    }


def to_return(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Of the gateway's answer, what goes to the browser."""
    return [
        (name, value)
        for name, value in headers
        if name.lower() not in _KEPT_BACK and not name.lower().startswith("access-control-")
    ]


def harmless(headers: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """An answer of the API as one that runs nothing when it is opened as a page: it may be somebody else's file."""
    own = ("content-security-policy", "x-content-type-options")
    return [
        *((name, value) for name, value in headers if name.lower() not in own),
        (
            "Content-Security-Policy",
            "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'",
        ),
        ("X-Content-Type-Options", "nosniff"),
    ]


def is_foreign(method: str, headers: Mapping[str, str]) -> bool:
    """Whether another site's page makes the browser send this; Jupyter checks no XSRF token for what it proxies.

    A link that somebody follows here is fine: it reads only, and its answer goes to him.
    """
    site = headers.get("Sec-Fetch-Site")
    if site in (None, "same-origin", "none"):
        return False
    return method not in ("GET", "HEAD") or headers.get("Sec-Fetch-Mode") != "navigate"
