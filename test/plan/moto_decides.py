"""Decides cases by moto's own IAM evaluation: JSON on standard input, a list of verdicts on standard output."""

import json
import sys

from moto.iam.access_control import IAMPolicy, PermissionResult


def decide(documents: list[IAMPolicy], action: str, resource: str) -> str:
    results = [document.is_action_permitted(action, resource) for document in documents]
    if PermissionResult.DENIED in results:
        return "explicitDeny"
    return "allow" if PermissionResult.PERMITTED in results else "implicitDeny"


given = json.load(sys.stdin)
documents = [[IAMPolicy(json.dumps(document)) for document in documents] for documents in given["documents"]]
json.dump(
    [decide(documents[case["documents"]], case["action"], case["resource"]) for case in given["cases"]], sys.stdout
)
