"""What a request's body may not say. The gateway sees no body; here MLflow's own parser has the word, so that what is
checked is what MLflow will run: either spelling of a field, query parameters of a GET, a doubly encoded body."""

import json
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask import Request
from mlflow.protos import model_registry_pb2 as registry
from mlflow.protos import service_pb2 as service
from mlflow.server.handlers import _get_normalized_request_json, _get_request_message, _is_prompt

from gatehouse_mlflow import traces
from gatehouse_mlflow.approvals import PREFIXES, PROMPT_CONTENT
from gatehouse_mlflow.decision import Actor
from gatehouse_mlflow.refusal import Refused

_IS_PROMPT = "mlflow.prompt.is_prompt"
_USER = traces.USER
_APPROVE = "model_version:approve"
_ASSESS = "assessment:write"

Check = Callable[[Actor, Request], None]


def reserved(key: str) -> bool:
    """Whether a tag speaks of approval, in whatever spelling a person would read as that."""
    letters = "".join(each for each in unicodedata.normalize("NFKC", key).casefold() if each.isalnum())
    return letters.startswith("approval")


def _same(key: str, other: str) -> bool:
    return unicodedata.normalize("NFKC", key).casefold().strip() == other


def check_tags(actor: Actor, keys: Iterable[str], *, version: bool) -> None:
    """Approving is done on a version, and by who may approve; what is a prompt is said once, when it is made."""
    for key in keys:
        if unicodedata.normalize("NFKC", key).casefold().strip().startswith(PREFIXES):
            raise Refused(403, f"the tag `{key}` is written when an alias or a stage is set, and by nobody himself")
        if _same(key, _IS_PROMPT):
            raise Refused(403, f"`{_IS_PROMPT}` is set when a prompt is created and can't be changed afterwards")
        # A version of a prompt lies in its tags: setting one would change what was approved.
        if version and key in PROMPT_CONTENT and not actor.manages:
            raise Refused(403, f"`{key}` is what the version says and can't be changed; register a new version")
        if reserved(key) and not (version and (actor.manages or _APPROVE in actor.permissions)):
            raise Refused(403, f"the tag `{key}` speaks of approval: only `{_APPROVE}` sets it, on a version")


def _created(actor: Actor, tags: Iterable[Any]) -> None:
    """Tags at creation: the marker of a prompt is allowed, in its one exact form; a word on approval is nobody's."""
    seen = 0
    for tag in tags:
        if tag.key == _IS_PROMPT and tag.value == "true":
            seen += 1
        elif _same(tag.key, _IS_PROMPT):
            raise Refused(403, f"`{_IS_PROMPT}` is `true` or absent")
        elif reserved(tag.key):
            raise Refused(403, f"the tag `{tag.key}` speaks of approval: approve the version after it is registered")
    if seen > 1:
        raise Refused(403, f"`{_IS_PROMPT}` is given more than once")


def _create_model(actor: Actor, request: Request) -> None:
    _created(actor, _get_request_message(registry.CreateRegisteredModel(), request).tags)


def _create_version(actor: Actor, request: Request) -> None:
    message = _get_request_message(registry.CreateModelVersion(), request)
    _created(actor, message.tags)
    if any(tag.key == _IS_PROMPT for tag in message.tags) and not _is_prompt(message.name):
        raise Refused(403, f"`{_IS_PROMPT}` belongs to versions of prompts, and `{message.name}` is none")


def _tag_of(message: Callable[[], Any], *, version: bool) -> Check:
    def check(actor: Actor, request: Request) -> None:
        check_tags(actor, (_get_request_message(message(), request).key,), version=version)

    return check


def _creator(actor: Actor, request: Request) -> None:
    """Whoever the client names, the creator is the person who calls."""
    body = _body(request)
    for tags in traces.parts(body):
        _claim(tags, actor.username)
    if actor.route.path.endswith("/runs/create"):
        body.pop("userId", None)
        body["user_id"] = actor.username
        _own(body, actor.username)
    elif actor.route.path.endswith("/logged-models"):
        _own(body, actor.username)
    _write_back(request, body)


def _promptlab(actor: Actor, request: Request) -> None:
    body = _body(request)
    body["user_id"] = actor.username
    _write_back(request, body)


def _body(request: Request) -> dict[str, Any]:
    body = _get_normalized_request_json(request)
    if not isinstance(body, dict):
        raise Refused(400, "the body must be a JSON object")
    return body


def _own(body: dict[str, Any], person: str) -> None:
    tags = body.get("tags") or []
    if not isinstance(tags, list):
        raise Refused(400, "`tags` must be a list")
    kept = [tag for tag in tags if not (isinstance(tag, dict) and tag.get("key") == _USER)]
    body["tags"] = [*kept, {"key": _USER, "value": person}]


def _claim(tag: dict[str, Any], person: str) -> None:
    if _USER in tag:
        tag[_USER] = person
    if tag.get("key") == _USER:
        tag["value"] = person


def _write_back(request: Request, body: dict[str, Any]) -> None:
    # What Flask hands to every later reader, silent or not, and what it would parse again.
    request._cached_json = (body, body)
    request._cached_data = json.dumps(body).encode()


def _creates_dataset(actor: Actor, request: Request) -> None:
    """MLflow takes a dataset's creator from a tag; its tags are JSON inside JSON."""
    body = _body(request)
    try:
        tags = json.loads(body.get("tags") or "{}")
    except (TypeError, ValueError):
        tags = None
    if not isinstance(tags, dict):
        raise Refused(400, "`tags` must be the text of a JSON object")
    body["tags"] = json.dumps({**tags, _USER: actor.username})
    _write_back(request, body)


def _assesses(actor: Actor, request: Request) -> None:
    """A person judges in his own name; what a program judged is his who ran it."""
    body = _body(request)
    assessment = body.get("assessment")
    if not isinstance(assessment, dict):
        raise Refused(400, "`assessment` must be a JSON object")
    traces.sign(assessment, actor.username)
    _write_back(request, body)


def _starts_trace(actor: Actor, request: Request) -> None:
    """Whoever made a trace stays its creator, also when a colleague's program adds to it."""
    body = _body(request)
    creator = actor.username
    if "/3.0/" in actor.route.path:
        info = _get_request_message(service.StartTraceV3(), request).trace.trace_info
        found = traces.known(actor, (info.trace_id,)).get(info.trace_id)
        creator = (found and found.creator) or creator
        traces.check_assessments(actor, (each.assessment_id for each in info.assessments))
    traces.strip(body)
    for part in traces.parts(body):
        _claim(part, creator)
    for part in list(traces.parts(body)):
        if part.get("assessments") and actor.permissions and _ASSESS not in actor.permissions:
            raise Refused(403, f"an assessment beside the trace needs `{_ASSESS}`; ask for a persona that grants it")
        for assessment in part.get("assessments") or ():
            if isinstance(assessment, dict):
                traces.sign(assessment, actor.username)
    _remember(body, creator)
    _write_back(request, body)


def _remember(body: dict[str, Any], person: str) -> None:
    """The creator among the trace's metadata, which nobody changes later."""
    trace = body.get("trace")
    if isinstance(trace, dict):
        info = trace.get("traceInfo") if "traceInfo" in trace else trace.get("trace_info")
        if isinstance(info, dict):
            name = "traceMetadata" if "traceMetadata" in info else "trace_metadata"
            if isinstance(info.get(name) or {}, dict):
                info[name] = {**(info.get(name) or {}), _USER: person}
    elif isinstance(body.get("request_metadata") or [], list):
        said = [each for each in body.get("request_metadata") or () if (each or {}).get("key") != _USER]
        body["request_metadata"] = [*said, {"key": _USER, "value": person}]


def _ends_trace(actor: Actor, request: Request) -> None:
    body = _body(request)
    traces.strip(body)
    _write_back(request, body)
    _keeps_creator(actor, request)


def _tags_trace(actor: Actor, request: Request) -> None:
    for part in traces.parts(_body(request)):
        if isinstance(part.get("key"), str):
            traces.check_key(part["key"])
    _keeps_creator(actor, request)


def _changes_assessment(actor: Actor, request: Request) -> None:
    assessment = _body(request).get("assessment")
    if isinstance(assessment, dict) and _USER in (assessment.get("metadata") or {}) and not actor.manages:
        raise Refused(403, f"`{_USER}` is the person who created it and can't be changed")


def _named(actor: Actor, request: Request) -> None:
    """Where MLflow stores who did something as the client says it."""
    body = _body(request)
    for key in ("createdBy", "updatedBy", "lastUpdatedBy"):
        body.pop(key, None)
    for key in ("created_by", "updated_by", "last_updated_by"):
        if key in body:
            body[key] = actor.username
    if actor.route.path.endswith("/issues"):
        body["created_by"] = actor.username
    _write_back(request, body)


def _dataset_tags(actor: Actor, request: Request) -> None:
    if actor.manages:
        return
    tags = _body(request).get("tags")
    try:
        given = json.loads(tags) if isinstance(tags, str) else tags
    except ValueError:
        return
    if isinstance(given, dict) and _USER in given:
        raise Refused(403, f"`{_USER}` is the person who created it and can't be changed")


def _keeps_creator(actor: Actor, request: Request) -> None:
    """Nobody takes over what a colleague made by writing its creator anew."""
    if actor.manages:
        return
    path = actor.route.path
    for part in traces.parts(_body(request)):
        if part.get("key") == _USER or (path.endswith("/tags") and _USER in part):
            raise Refused(403, f"`{_USER}` is the person who created it and can't be changed")


_CHECKS: Mapping[tuple[str, str], Check] = {
    ("POST", "registered-models/create"): _create_model,
    ("POST", "registered-models/set-tag"): _tag_of(registry.SetRegisteredModelTag, version=False),
    ("DELETE", "registered-models/delete-tag"): _tag_of(registry.DeleteRegisteredModelTag, version=False),
    ("POST", "model-versions/create"): _create_version,
    ("POST", "model-versions/set-tag"): _tag_of(registry.SetModelVersionTag, version=True),
    ("DELETE", "model-versions/delete-tag"): _tag_of(registry.DeleteModelVersionTag, version=True),
    ("POST", "runs/create"): _creator,
    ("POST", "runs/create-promptlab-run"): _promptlab,
    ("POST", "logged-models"): _creator,
    ("POST", "traces"): _starts_trace,
    ("POST", "runs/set-tag"): _keeps_creator,
    ("POST", "runs/delete-tag"): _keeps_creator,
    ("POST", "runs/log-batch"): _keeps_creator,
    ("PATCH", "logged-models/{model_id}/tags"): _keeps_creator,
    ("PATCH", "traces/{request_id}"): _ends_trace,
    ("PATCH", "traces/{request_id}/tags"): _tags_trace,
    ("DELETE", "traces/{request_id}/tags"): _tags_trace,
    ("DELETE", "traces/{trace_id}/tags"): _tags_trace,
    ("PATCH", "traces/{trace_id}/tags"): _tags_trace,
    ("POST", "datasets/create"): _creates_dataset,
    ("PATCH", "datasets/{dataset_id}/tags"): _dataset_tags,
    ("POST", "traces/{trace_id}/assessments"): _assesses,
    ("PATCH", "traces/{trace_id}/assessments/{assessment_id}"): _changes_assessment,
    ("POST", "issues"): _named,
}
_TAG_IN_PATH = {
    "logged-models/{model_id}/tags/{tag_key}": "tag_key",
    "datasets/{dataset_id}/tags/{key}": "key",
}


def check_body(actor: Actor, request: Request) -> None:
    """Raises Refused when the body says what this session may not say; makes the caller the creator."""
    _, _, rest = actor.route.path.partition("/mlflow/")
    if check := _CHECKS.get((actor.route.method, rest)):
        check(actor, request)
    elif rest.startswith("gateway/") and actor.route.method in ("POST", "PATCH", "PUT"):
        _named(actor, request)
    elif rest in _TAG_IN_PATH and not actor.manages and (request.view_args or {}).get(_TAG_IN_PATH[rest]) == _USER:
        raise Refused(403, f"`{_USER}` is the person who created it and can't be changed")
