"""IAM's refusals, in MLflow's shape and in words for the person who was refused."""

import json
import re

_IAM_DENIAL = re.compile(
    r"User: arn:[^:]+:sts::\d+:assumed-role/([^/\s]+)/(\S+) is not authorized to perform: execute-api:Invoke "
    r"on resource: arn:[^:\s]+:execute-api:[^:\s]*:[^:\s]*:[^/\s]+/[^/\s]+/([A-Z]+)(/\S*)"
)


def plain_refusal(body: str) -> str:
    """What IAM's refusal of a call means: who may not do what, and whom to ask."""
    try:
        said = json.loads(body)
        text = str(said.get("message") or said.get("Message") or body)
    except (ValueError, AttributeError):
        text = body
    found = _IAM_DENIAL.search(text)
    if not found:
        return text[:500]
    role, person, method, path = found.groups()
    return (
        f"{person} may not {method} {path} as {role}: the persona of this role isn't granted it. "
        "Nothing is wrong with your code or credentials; ask an admin of the registry if you need it"
    )


def error_body(code: str, message: str) -> str:
    """An error in MLflow's form, which its client and its UI show."""
    return json.dumps({"error_code": code, "message": message})
