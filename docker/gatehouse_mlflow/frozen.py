"""What was registered or finished can't change: whether a write reaches a finished logged model or a run's folder that
a model version points at. Asked only for writes and deletes of artifacts, and for deletes of runs and logged models."""

import json
import posixpath
import re
from collections.abc import Sequence
from urllib.parse import unquote

from flask import Request
from mlflow.entities import LoggedModelStatus
from mlflow.protos import service_pb2 as service
from mlflow.server.handlers import _get_normalized_request_json, _get_request_message, _get_tracking_store
from mlflow.store.model_registry.dbmodels.models import SqlModelVersion
from mlflow.store.tracking.dbmodels.models import (
    SqlAssessments,
    SqlEvaluationDataset,
    SqlLoggedModel,
    SqlLoggedModelTag,
    SqlRun,
)
from sqlalchemy import or_, select

from gatehouse_mlflow.decision import Actor
from gatehouse_mlflow.refusal import Refused

_PROXY = re.compile(r"/(?:ajax-)?api/2\.0/mlflow-artifacts/(artifacts|mpu/(?:create|complete|abort))/(.+)", re.DOTALL)
_RUN = re.compile(r"[0-9a-fA-F]{32}")
_FROZEN = "this belongs to a finished or registered model, which can't change; log a new model instead"


def check_proxied(actor: Actor, method: str, path: str) -> None:
    """The artifact proxy's own routes, by path alone: FastAPI and Flask serve them alike. `path` is decoded."""
    found = _PROXY.fullmatch(path)
    if actor.manages or method == "GET" or not found:
        return
    check_path(found.group(2), recursive=method == "DELETE")


def check_path(path: str, *, recursive: bool) -> None:
    """`path` is below the artifact root, with or without its workspace. Raises Refused when it is frozen."""
    # MLflow decodes once more where it checks paths; both readings must be free.
    for reading in {path, unquote(path), unquote(unquote(path))}:
        parts = [part for part in posixpath.normpath("/" + reading.replace("\\", "/")).split("/") if part]
        if parts[:1] == ["workspaces"]:
            parts = parts[2:]
        _below_experiment(parts[1:], recursive)


def _below_experiment(parts: Sequence[str], recursive: bool) -> None:
    if recursive and (not parts or list(parts) == ["models"]):
        raise Refused(403, "a folder of many runs or models is not deleted at once; " + _FROZEN)
    if not parts:
        return
    if parts[0] == "models":
        if len(parts) > 1:
            check_model(parts[1])
    elif _RUN.fullmatch(parts[0]):
        inner = parts[2:] if parts[1:2] == ["artifacts"] else ()
        check_run_path(parts[0], "/".join(inner), recursive=recursive)


def check_model(model_id: str) -> None:
    """A logged model is frozen from the moment its status says it is finished, or a version names it."""
    # Refused outside of the session: MLflow's session manager turns what is raised inside into its own error.
    with _get_tracking_store().ManagedSessionMaker() as session:
        status = session.execute(
            select(SqlLoggedModel.status).where(SqlLoggedModel.model_id == model_id)
        ).scalar_one_or_none()
        frozen = status == LoggedModelStatus.READY.to_int() or bool(_versions(session, model_id))
    if frozen:
        raise Refused(403, _FROZEN)


def check_run_path(run_id: str, path: str, *, recursive: bool) -> None:
    """`path` is below the run's artifact root."""
    with _get_tracking_store().ManagedSessionMaker() as session:
        folders = [_folder(run_id, source) for source in _versions(session, run_id)]
    inside = path.strip("/")
    for folder in folders:
        above = recursive and (not inside or f"{folder}/".startswith(f"{inside}/"))
        if not folder or inside == folder or inside.startswith(f"{folder}/") or above:
            raise Refused(403, _FROZEN)


def _versions(session: object, identity: str) -> list[str]:
    """Sources of the versions that speak of a run or logged model, whatever form the address has."""
    found = session.execute(  # type: ignore[attr-defined]
        select(SqlModelVersion.source, SqlModelVersion.storage_location).where(
            or_(
                SqlModelVersion.source.contains(identity, autoescape=True),
                SqlModelVersion.storage_location.contains(identity, autoescape=True),
            )
        )
    ).all()
    return [each for row in found for each in row if each and identity in each]


def _folder(run_id: str, source: str) -> str:
    rest = source.partition(run_id)[2].strip("/")
    if not source.startswith("runs:"):
        rest = rest.removeprefix("artifacts").strip("/")
    return posixpath.normpath(rest) if rest else ""


def check_flask(actor: Actor, request: Request) -> None:
    """Routes that name a run or logged model beside a path, and deletes of what a person may own."""
    path = actor.route.path
    if "/mlflow-artifacts/mpu/" in path:
        _check_name(str(_get_normalized_request_json(request).get("path", "")))
    if actor.manages:
        return
    if path.endswith("/mlflow/upload-artifact"):
        check_run_path(
            request.args.get("run_uuid", ""), posixpath.normpath(unquote(request.args.get("path", ""))), recursive=False
        )
    elif path.endswith("/mlflow/artifacts/presigned-upload-url"):
        message = _get_request_message(service.CreatePresignedUploadUrl(), request)
        if message.model_id:
            check_model(message.model_id)
        if message.run_id:
            check_run_path(message.run_id, posixpath.normpath(unquote(message.path)), recursive=False)
    elif "/mlflow-artifacts/mpu/" in path:
        folder = str((request.view_args or {}).get("artifact_path", ""))
        name = str(_get_normalized_request_json(request).get("path", ""))
        for file in {name, posixpath.basename(name)}:
            check_path(posixpath.join(folder, file.lstrip("/")), recursive=False)
    elif actor.route.method == "PATCH" and path.endswith("/mlflow/logged-models/{model_id}"):
        # Going back to an unfinished status would open its files again.
        if _get_request_message(service.FinalizeLoggedModel(), request).status != service.LOGGED_MODEL_READY:
            check_model(str((request.view_args or {}).get("model_id", "")))
    elif path.endswith("/mlflow/runs/delete"):
        _delete_run(actor, _get_request_message(service.DeleteRun(), request).run_id)
    elif path.endswith("/mlflow/runs/restore"):
        _delete_run(actor, _get_request_message(service.RestoreRun(), request).run_id)
    elif actor.route.method == "DELETE" and path.endswith("/mlflow/datasets/{dataset_id}"):
        _delete_dataset(actor, str((request.view_args or {}).get("dataset_id", "")))
    elif actor.route.method in ("DELETE", "PATCH") and path.endswith("/assessments/{assessment_id}"):
        _change_assessment(actor, str((request.view_args or {}).get("assessment_id", "")))
    elif actor.route.method == "DELETE" and path.endswith("/mlflow/logged-models/{model_id}"):
        _delete_model(actor, str((request.view_args or {}).get("model_id", "")))


def _check_name(path: str) -> None:
    """MLflow takes the last part of what the client says, unread: an object named `..` would be written by whoever
    downloads its folder to where he didn't ask for it."""
    name = unquote(unquote(posixpath.basename(path)))
    if any(part in (".", "..") for part in re.split(r"[/\\]", name)):
        raise Refused(400, "the name of an artifact holds no dot segment")


def _delete_run(actor: Actor, run_id: str) -> None:
    with _get_tracking_store().ManagedSessionMaker() as session:
        owner = session.execute(select(SqlRun.user_id).where(SqlRun.run_uuid == run_id)).scalar_one_or_none()
        registered = bool(_versions(session, run_id))
    _delete(actor, owner, registered, "run")


def _delete_model(actor: Actor, model_id: str) -> None:
    with _get_tracking_store().ManagedSessionMaker() as session:
        owner = session.execute(
            select(SqlLoggedModelTag.tag_value).where(
                SqlLoggedModelTag.model_id == model_id, SqlLoggedModelTag.tag_key == "mlflow.user"
            )
        ).scalar_one_or_none()
        registered = bool(_versions(session, model_id))
    _delete(actor, owner, registered, "logged model")


def _delete_dataset(actor: Actor, dataset_id: str) -> None:
    with _get_tracking_store().ManagedSessionMaker() as session:
        owner = session.execute(
            select(SqlEvaluationDataset.created_by).where(SqlEvaluationDataset.dataset_id == dataset_id)
        ).scalar_one_or_none()
    _delete(actor, owner, False, "dataset")


def _change_assessment(actor: Actor, assessment_id: str) -> None:
    """A colleague's judgement is neither deleted nor rewritten; one judges anew, in one's own name."""
    with _get_tracking_store().ManagedSessionMaker() as session:
        found = session.execute(
            select(SqlAssessments.assessment_metadata).where(SqlAssessments.assessment_id == assessment_id)
        ).scalar_one_or_none()
    owner = json.loads(found).get("mlflow.user") if found else None
    _delete(actor, owner, False, "assessment")


def _delete(actor: Actor, owner: str | None, registered: bool, what: str) -> None:
    if owner != actor.username:
        raise Refused(403, f"only its creator or the workspace's admin deletes, restores or rewrites this {what}")
    if registered:
        raise Refused(403, f"a model version points at this {what}; ask the workspace's admin")
