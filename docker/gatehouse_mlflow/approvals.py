"""The record of an approval: who gave an alias or a stage to a version, when, and what its files were.

It is a tag of the version, `approval.alias.<alias>` or `approval.stage.<stage>`, that nobody but this module writes.
The files are read before the approval counts: what can't be read can't be approved.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from flask import Request, Response, g
from mlflow.entities.model_registry import ModelVersionTag
from mlflow.exceptions import MlflowException
from mlflow.protos import model_registry_pb2 as registry
from mlflow.server import handlers
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository
from mlflow.store.artifact.s3_artifact_repo import S3ArtifactRepository

from gatehouse_mlflow.decision import Actor
from gatehouse_mlflow.log import log_line
from gatehouse_mlflow.refusal import Refused

#: Of the tags that only this module writes.
PREFIXES = ("approval.alias.", "approval.stage.")

_PROMPT_TEXT = "mlflow.prompt.text"
_MOST_FILES = 2_000
# Above this, the record holds the digest of the list and not the list. MLflow allows 100,000 characters.
_LONGEST_LIST = 50_000
_CHUNK = 1 << 20

#: Path, bytes, and what pins the content.
File = tuple[str, int, str]


def prepare(actor: Actor, request: Request) -> None:
    """Before MLflow acts: notes what is about to be approved. Raises Refused when its files can't be read."""
    approval = _approval(actor, request)
    if approval is None:
        return
    key, name, version, given = approval
    record: dict[str, Any] = {"by": actor.username, "at": _now()}
    g.gatehouse_approval = (name, version, key, record | (_content(name, version) if given else {"withdrawn": True}))


def record(response: Response) -> Response:
    """After MLflow acted: writes what was noted. When that fails, so does the call, and says so."""
    noted = g.pop("gatehouse_approval", None)
    if noted is None or response.status_code != 200:
        return response
    name, version, key, value = noted
    tag = ModelVersionTag(key, json.dumps(value, separators=(",", ":"), sort_keys=True))
    try:
        handlers._get_model_registry_store().set_model_version_tag(name, version, tag)
    except MlflowException as error:
        return Response(error.serialize_as_json(), status=error.get_http_status_code(), mimetype="application/json")
    return response


def _approval(actor: Actor, request: Request) -> tuple[str, str, str, bool] | None:
    method, path = actor.route.method, actor.route.path
    message: Any
    if path.endswith("/mlflow/registered-models/alias") and method == "POST":
        message = handlers._get_request_message(registry.SetRegisteredModelAlias(), request)
        return PREFIXES[0] + message.alias, message.name, message.version, True
    if path.endswith("/mlflow/registered-models/alias") and method == "DELETE":
        message = handlers._get_request_message(registry.DeleteRegisteredModelAlias(), request)
        store = handlers._get_model_registry_store()
        version = store.get_model_version_by_alias(message.name, message.alias).version
        return PREFIXES[0] + message.alias, message.name, str(version), False
    if path.endswith("/mlflow/model-versions/transition-stage"):
        message = handlers._get_request_message(registry.TransitionModelVersionStage(), request)
        return PREFIXES[1] + message.stage.lower(), message.name, message.version, True
    return None


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _content(name: str, version: str) -> dict[str, Any]:
    store = handlers._get_model_registry_store()
    tags = store.get_model_version(name, version).tags
    # Asked of the model: anybody who registers may give a version of a model this tag.
    if handlers._is_prompt(name):
        return {"digest": _digest(tags.get(_PROMPT_TEXT, "").encode())}
    try:
        files = sorted(_files(store.get_model_version_download_uri(name, version)))
    except Refused:
        raise
    except Exception as error:
        log_line("unreadable", version=version, error=type(error).__name__)
        raise Refused(400, f"the files of version {version} can't be read, so it can't be approved") from error
    listed = json.dumps(files, separators=(",", ":"))
    content: dict[str, Any] = {
        "digest": _digest(listed.encode()),
        "count": len(files),
        "bytes": sum(size for _, size, _ in files),
    }
    return content | ({"files": files} if len(listed) <= _LONGEST_LIST else {})


def _files(uri: str) -> Iterator[File]:
    uri = _resolved(uri)
    if handlers._is_servable_proxied_run_artifact_root(uri):
        repository = handlers._get_artifact_repo_mlflow_artifacts()
        path = handlers._get_proxied_run_artifact_destination_path(proxied_artifact_root=uri)
        root = handlers._get_workspace_scoped_repo_path_if_enabled(path) or ""
    else:
        repository, root = handlers._get_artifact_repository_for_uri(uri), ""
    pin, folders, count = _pin(repository), [root], 0
    while folders:
        for item in repository.list_artifacts(folders.pop() or None):
            if item.is_dir:
                folders.append(item.path)
                continue
            count += 1
            if count > _MOST_FILES:
                raise Refused(400, f"a version of more than {_MOST_FILES} files can't be approved")
            yield item.path.removeprefix(root).lstrip("/"), item.file_size or 0, pin(item.path)


def _resolved(uri: str) -> str:
    """Where a run's folder or a logged model lies: a client may have named either by its identifier alone."""
    scheme, _, rest = uri.partition(":")
    identity, _, inner = rest.lstrip("/").partition("/")
    store = handlers._get_tracking_store()
    if scheme == "runs":
        root = store.get_run(identity).info.artifact_uri
    elif scheme == "models":
        root = store.get_logged_model(identity).artifact_location
    else:
        return uri
    return f"{root.rstrip('/')}/{inner}" if inner else root


def _pin(repository: Any) -> Callable[[str], str]:
    """What names a file's content for good: an object's version, or its bytes' digest."""
    if isinstance(repository, S3ArtifactRepository):
        client = repository._get_s3_client()
        bucket, prefix = repository.parse_s3_compliant_uri(repository.artifact_uri)

        def pin_object(path: str) -> str:
            head = client.head_object(Bucket=bucket, Key="/".join(part for part in (prefix.strip("/"), path) if part))
            return f"s3:{head.get('VersionId') or 'unversioned'}:{head['ETag'].strip(chr(34))}"

        return pin_object
    if isinstance(repository, LocalArtifactRepository):
        return lambda path: _digest_file(f"{repository.artifact_dir}/{path}")
    raise Refused(400, "versions are approved where their files lie in the registry's own storage")


def _digest(value: bytes) -> str:
    return f"sha256:{hashlib.sha256(value).hexdigest()}"


def _digest_file(path: str) -> str:
    found = hashlib.sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    return f"sha256:{found.hexdigest()}"
