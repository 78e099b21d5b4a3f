"""What MLflow's answers would tell an admin of one tenant about the others."""

import json

from flask import Response

from gatehouse_mlflow.decision import Actor

_USERS = "/mlflow/users/list"


def narrow(actor: Actor | None, response: Response) -> Response:
    """MLflow lists every user of the registry to whoever administers a workspace, without the roles that are none of
    his business: whoever has none left is of another tenant."""
    if actor is None or actor.is_admin or response.status_code != 200 or not actor.route.path.endswith(_USERS):
        return response
    body = json.loads(response.get_data())
    body["users"] = [user for user in body["users"] if user["roles"] or user["username"] == actor.username]
    response.set_data(json.dumps(body))
    return response
