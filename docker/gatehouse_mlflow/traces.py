"""Traces: whose they are, and where the server reads them from, which is never a client's to say.

A tag of a trace names the folder from which MLflow's server reads its spans and attachments, with its own rights: who
sets it reads another tenant's files.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlflow.server.handlers import _get_tracking_store
from mlflow.store.tracking.dbmodels.models import (
    SqlAssessments,
    SqlExperiment,
    SqlRun,
    SqlTraceInfo,
    SqlTraceMetadata,
    SqlTraceTag,
)
from sqlalchemy import select

from gatehouse_mlflow.decision import Actor
from gatehouse_mlflow.refusal import Refused

USER = "mlflow.user"
# Sources: MLflow `tracing/constant.py` and `utils/mlflow_tags.py`.
_LOCATIONS = frozenset(
    (
        "mlflow.artifactLocation",
        "mlflow.trace.archivalFailure",
        "mlflow.trace.archiveLocation",
        "mlflow.trace.spansLocation",
    )
)
# What MLflow's own AI gateway says of who called it.
_AUTHENTICATED = frozenset(("mlflow.auth.userId", "mlflow.auth.username"))
#: Of the sources of an assessment, those that are no person's word.
_PROGRAMS = ("CODE", "LLM_JUDGE", "AI_JUDGE")


@dataclass(frozen=True, slots=True)
class Known:
    """A trace that exists already in the caller's workspace."""

    experiment_id: str
    creator: str | None


def reserved(key: object) -> bool:
    """Whether the server alone writes this tag or piece of metadata of a trace."""
    return key in _LOCATIONS or key in _AUTHENTICATED


def check_key(key: str) -> None:
    """Raises Refused for a tag that says where the server reads a trace from, whoever calls: not even an admin of a
    tenant may read another's."""
    if reserved(key):
        raise Refused(403, f"the tag `{key}` is the server's own and can't be changed")


def known(actor: Actor, trace_ids: Iterable[str]) -> Mapping[str, Known]:
    """Which of the traces exist, and who made them. Raises Refused when one lies in an experiment that the caller may
    not write to: MLflow asks only for the experiment that the request names."""
    wanted = sorted(set(trace_ids) - {""})
    found: dict[str, Known] = {}
    if not wanted:
        return found
    with _get_tracking_store().ManagedSessionMaker() as session:
        rows = session.execute(
            select(SqlTraceInfo.request_id, SqlTraceInfo.experiment_id)
            .join(SqlExperiment, SqlExperiment.experiment_id == SqlTraceInfo.experiment_id)
            .where(SqlTraceInfo.request_id.in_(wanted), SqlExperiment.workspace == actor.workspace)
        ).all()
        creators: dict[str, str] = {}
        # What was said when the trace was made can't be changed later, so it has the last word.
        for table in (SqlTraceTag, SqlTraceMetadata) if rows else ():
            said = select(table.request_id, table.value).where(table.request_id.in_(wanted), table.key == USER)
            creators.update((row[0], row[1]) for row in session.execute(said))
        found = {row[0]: Known(str(row[1]), creators.get(row[0])) for row in rows}
    for experiment_id in {each.experiment_id for each in found.values()}:
        check_experiment(actor, experiment_id)
    return found


def check_experiment(actor: Actor, experiment_id: str) -> None:
    """Raises Refused unless MLflow's own grants let the caller change what is in an experiment of his workspace."""
    # Importing MLflow's auth application opens its database, so it waits until there is one.
    from mlflow.server import auth

    if not actor.manages and not auth._get_experiment_permission(experiment_id, actor.username).can_update:
        raise Refused(403, "that trace or run belongs to an experiment that you may not change")


def check_run(actor: Actor, run_id: str) -> None:
    """The same for a run that traces are to be linked to; one that doesn't exist is MLflow's to speak of."""
    with _get_tracking_store().ManagedSessionMaker() as session:
        experiment_id = session.execute(
            select(SqlRun.experiment_id)
            .join(SqlExperiment, SqlExperiment.experiment_id == SqlRun.experiment_id)
            .where(SqlRun.run_uuid == run_id, SqlExperiment.workspace == actor.workspace)
        ).scalar_one_or_none()
    if experiment_id is not None:
        check_experiment(actor, str(experiment_id))


def check_assessments(actor: Actor, ids: Iterable[str]) -> None:
    """A trace brings its judgements along, under names of the client's choice: none may be a colleague's."""
    wanted = sorted(set(ids) - {""})
    if not wanted:
        return
    with _get_tracking_store().ManagedSessionMaker() as session:
        said = select(SqlAssessments.assessment_metadata).where(SqlAssessments.assessment_id.in_(wanted))
        taken = list(session.execute(said).scalars())
    # Outside of the session, which turns what is raised inside into MLflow's own error.
    if any(json.loads(each or "{}").get(USER) != actor.username for each in taken):
        raise Refused(403, "an assessment of that name is somebody else's; leave `assessment_id` to the server")


def parts(value: Any) -> Iterator[dict[str, Any]]:
    """Every object inside a body, however deep."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from parts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from parts(inner)


def strip(body: Any) -> None:
    """Takes the server's own tags out, as a map's keys and as `key` and `value`."""
    for part in parts(body):
        for key in [key for key in part if reserved(key)]:
            del part[key]
        for name, inner in part.items():
            if isinstance(inner, list):
                part[name] = [item for item in inner if not (isinstance(item, dict) and reserved(item.get("key")))]


def sign(assessment: dict[str, Any], person: str) -> None:
    """A person judges in his own name; what a program judged is his who ran it."""
    metadata = assessment.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise Refused(400, "`metadata` must be a JSON object")
    assessment["metadata"] = {**metadata, USER: person}
    source = assessment.get("source")
    # Numbers have many spellings, so whatever isn't plainly a program is a person.
    if isinstance(source, dict) and source.get("source_type", source.get("sourceType")) not in _PROGRAMS:
        source.pop("sourceId", None)
        source["source_id"] = person
