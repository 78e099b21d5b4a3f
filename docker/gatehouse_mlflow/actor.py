"""How the gate's decision reaches MLflow: a context variable, which no header can forge.

It is set in the outermost ASGI layer. Starlette's middlewares and the thread in which MLflow's Flask app runs get a
copy of that context, and so does MLflow's bridge that calls `authorization_function` for FastAPI routes.
"""

from contextvars import ContextVar

from flask import Response, request
from werkzeug.datastructures import Authorization

from gatehouse_mlflow.catalogue import shape
from gatehouse_mlflow.decision import Actor
from gatehouse_mlflow.refusal import Refused

current_actor: ContextVar[Actor | None] = ContextVar("gatehouse_actor", default=None)


def authorize() -> Authorization | Response:
    """MLflow's `authorization_function`: the user that the gate decided on, or a refusal when no gate stood
    before this call."""
    actor = current_actor.get()
    if actor is None:
        return _answer(Refused(401, "the request did not pass the gate"))
    # Second check: what Flask is about to run must be the row that was decided. FastAPI routes have no Flask rule.
    rule = request.url_rule
    if rule is not None and shape(rule.rule) != shape(actor.route.path):
        return _answer(Refused(403, "MLflow serves another route at this path than the catalogue says"))
    return Authorization("gatehouse", {"username": actor.username})


def _answer(refused: Refused) -> Response:
    return Response(refused.body(), status=refused.status, mimetype="application/json")
