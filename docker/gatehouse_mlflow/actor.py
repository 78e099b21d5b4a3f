"""How the gate's decision reaches MLflow: a context variable, which no header can forge.

It is set in the outermost ASGI layer. Starlette's middlewares and the thread in which MLflow's Flask app runs get a
copy of that context, and so does MLflow's bridge that calls `authorization_function` for FastAPI routes.
"""

from contextvars import ContextVar

from flask import Response, request
from mlflow.exceptions import MlflowException
from werkzeug.datastructures import Authorization

from gatehouse_mlflow import approvals, graphql, listed
from gatehouse_mlflow.bodies import check_body
from gatehouse_mlflow.catalogue import shape
from gatehouse_mlflow.decision import Actor
from gatehouse_mlflow.frozen import check_flask
from gatehouse_mlflow.log import log_line
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


def check_request() -> Response | None:
    """Runs in Flask after MLflow's authorization: what the gateway and MLflow's roles can't see of a request."""
    actor = current_actor.get()
    if actor is None:
        # The load balancer's check; every other route was refused by `authorize`.
        return None
    try:
        if actor.route.path == graphql.PATH:
            graphql.check_graphql(actor, request)
        check_body(actor, request)
        check_flask(actor, request)
        approvals.prepare(actor, request)
    except Refused as refused:
        log_line("refused", status=refused.status, path=actor.route.path, person=actor.username, why=refused.message)
        return _answer(refused)
    except MlflowException as error:
        return Response(error.serialize_as_json(), status=error.get_http_status_code(), mimetype="application/json")
    return None


def complete_response(response: Response) -> Response:
    """Runs in Flask after MLflow's handler: the record of an approval, and what a tenant doesn't see of others."""
    return listed.narrow(current_actor.get(), approvals.record(response))


def too_deep(_error: RecursionError) -> Response:
    """A body of thousands of nested lists, which whoever reads it first gives up on: no fault of the server's."""
    return _answer(Refused(400, "the body is nested too deeply"))


def _answer(refused: Refused) -> Response:
    return Response(refused.body(), status=refused.status, mimetype="application/json")
