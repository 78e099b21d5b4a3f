"""The least that an authorization function can do: it believes a header. A limit to compare with, never to be served."""

from flask import request
from werkzeug.datastructures import Authorization


def authorize() -> Authorization:
    """Source of the form: MLflow's own documentation of `authorization_function`."""
    return Authorization("basic", {"username": request.headers.get("X-Bench-User", "")})
