"""Lets the UI's origin read refusals: MLflow's Flask answers carry Access-Control-Allow-Origin, its FastAPI refusals
and ours would not."""

from gatehouse_mlflow.headers import Headers

_ALLOW_ORIGIN = b"access-control-allow-origin"


class CrossOrigin:
    """Adds the header for exactly the origins that MLflow itself was told to accept; patterns and `*` are left to
    MLflow."""

    def __init__(self, setting: str):
        self._origins = frozenset(
            origin.strip().encode() for origin in setting.split(",") if origin.strip() and "*" not in origin
        )

    def complete(self, request: Headers, response: Headers) -> Headers:
        """The response's headers, completed when the request came from an accepted origin and nobody has
        answered that yet."""
        origin = next((value for name, value in request if name.lower() == b"origin"), None)
        if origin not in self._origins or any(name.lower() == _ALLOW_ORIGIN for name, _ in response):
            return response
        return [*response, (_ALLOW_ORIGIN, origin), (b"vary", b"Origin")]
