"""The one way a request is refused: an exception that carries status, MLflow's error code and a sentence for the
caller."""

import json

_CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    405: "BAD_REQUEST",
    500: "INTERNAL_ERROR",
    503: "TEMPORARILY_UNAVAILABLE",
}


class Refused(Exception):
    """A request that must not reach MLflow."""

    def __init__(self, status: int, message: str):
        super().__init__(message)
        self.status = status
        self.message = message

    def body(self) -> bytes:
        """The answer in the form MLflow's clients know."""
        return json.dumps({"error_code": _CODES[self.status], "message": self.message}).encode()
