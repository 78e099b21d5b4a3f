"""The record of an approval: who gave an alias or a stage to a version, when, and what its files were.

It is a tag of the version, `approval.alias.<alias>` or `approval.stage.<stage>`, that nobody but this module writes.
When the alias goes to another version, or the version to another stage, the record says that it was withdrawn.
The files are read before the approval counts: what can't be read can't be approved.
"""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from typing import Any

from flask import Request, Response, g
from mlflow.entities.model_registry import ModelVersionTag
from mlflow.entities.model_registry.model_version_stages import (
    DEFAULT_STAGES_FOR_GET_LATEST_VERSIONS,
    get_canonical_stage,
)
from mlflow.exceptions import MlflowException
from mlflow.protos import model_registry_pb2 as registry
from mlflow.server import handlers
from mlflow.store.artifact.local_artifact_repo import LocalArtifactRepository
from mlflow.store.artifact.s3_artifact_repo import S3ArtifactRepository
from mlflow.store.model_registry.dbmodels.models import SqlModelVersion
from sqlalchemy import select

from gatehouse_mlflow.decision import Actor
from gatehouse_mlflow.log import log_line
from gatehouse_mlflow.refusal import Refused

#: Of the tags that only this module writes.
PREFIXES = ("approval.alias.", "approval.stage.")

_PROMPT_TEXT = "mlflow.prompt.text"
# Source: MLflow `prompt/constants.py`.
_PROMPT_SETTINGS = ("_mlflow_prompt_model_config", "_mlflow_prompt_response_format", "_mlflow_prompt_type")
#: The tags that are a prompt's version, rather than words about it.
PROMPT_CONTENT = (_PROMPT_TEXT, *_PROMPT_SETTINGS)

_MOST_FILES = 2_000
# Above this, the record holds the digest of the list and not the list. MLflow allows 100,000 characters.
_LONGEST_LIST = 50_000
_CHUNK = 1 << 20

#: Path, bytes, and what pins the content.
File = tuple[str, int, str]
#: Model, version, key of the record, and whether it is an approval or the end of one.
Change = tuple[str, str, str, bool]


def prepare(actor: Actor, request: Request) -> None:
    """Before MLflow acts: notes what is about to be approved, and what is withdrawn by that. Raises Refused when the
    files of what is approved can't be read."""
    noted = []
    for name, version, key, given in _changes(actor, request):
        said: dict[str, Any] = {"by": actor.username, "at": _now()}
        noted.append((name, version, key, said | (_content(name, version) if given else {"withdrawn": True})))
    if noted:
        g.gatehouse_approvals = noted


def record(response: Response) -> Response:
    """After MLflow acted: writes what was noted. When that fails, so does the call, and says so."""
    noted = g.pop("gatehouse_approvals", ())
    if response.status_code != 200:
        return response
    for name, version, key, value in noted:
        tag = ModelVersionTag(key, json.dumps(value, separators=(",", ":"), sort_keys=True))
        try:
            handlers._get_model_registry_store().set_model_version_tag(name, version, tag)
        except MlflowException as error:
            return Response(error.serialize_as_json(), status=error.get_http_status_code(), mimetype="application/json")
    return response


def _changes(actor: Actor, request: Request) -> Iterator[Change]:
    method, path = actor.route.method, actor.route.path
    message: Any
    if path.endswith("/mlflow/registered-models/alias") and method == "POST":
        message = handlers._get_request_message(registry.SetRegisteredModelAlias(), request)
        key = PREFIXES[0] + message.alias
        yield message.name, message.version, key, True
        before = _aliased(message.name, message.alias)
        if before not in (None, message.version):
            yield message.name, before, key, False
    elif path.endswith("/mlflow/registered-models/alias") and method == "DELETE":
        message = handlers._get_request_message(registry.DeleteRegisteredModelAlias(), request)
        if version := _aliased(message.name, message.alias):
            yield message.name, version, PREFIXES[0] + message.alias, False
    elif path.endswith("/mlflow/model-versions/transition-stage"):
        message = handlers._get_request_message(registry.TransitionModelVersionStage(), request)
        yield from _transition(actor, message)


def _aliased(name: str, alias: str) -> str | None:
    model = handlers._get_model_registry_store().get_registered_model(name)
    version = model.aliases.get(alias)
    return None if version is None else str(version)


def _transition(actor: Actor, message: Any) -> Iterator[Change]:
    """A stage is an approval where a version is used from it; leaving one withdraws it, also for the versions that
    MLflow archives by the way."""
    stage = get_canonical_stage(message.stage)
    if stage in DEFAULT_STAGES_FOR_GET_LATEST_VERSIONS:
        yield message.name, message.version, PREFIXES[1] + stage.lower(), True
    with handlers._get_model_registry_store().ManagedSessionMaker() as session:
        staged = session.execute(
            select(SqlModelVersion.version, SqlModelVersion.current_stage).where(
                SqlModelVersion.workspace == actor.workspace,
                SqlModelVersion.name == message.name,
                SqlModelVersion.current_stage.in_(DEFAULT_STAGES_FOR_GET_LATEST_VERSIONS),
            )
        ).all()
    for version, before in staged:
        moved = str(version) == message.version
        archived = not moved and message.archive_existing_versions and before == stage
        if archived or (moved and before != stage):
            yield message.name, str(version), PREFIXES[1] + before.lower(), False


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def _content(name: str, version: str) -> dict[str, Any]:
    store = handlers._get_model_registry_store()
    tags = store.get_model_version(name, version).tags
    # Asked of the model: anybody who registers may give a version of a model this tag.
    if handlers._is_prompt(name):
        settings = json.dumps({key: tags[key] for key in _PROMPT_SETTINGS if key in tags}, separators=(",", ":"))
        return {"digest": _digest(tags.get(_PROMPT_TEXT, "").encode()), "settings": _digest(settings.encode())}
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
