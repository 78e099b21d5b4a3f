"""Traces that come by OpenTelemetry's protocol: the caller is their creator, as on MLflow's own routes.

What is checked is what MLflow reads: the spans are parsed here and handed on in one form, so that no second reading of
the body exists.
"""

import json
import zlib
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

import anyio.to_thread
from google.protobuf.json_format import Error as JsonError
from google.protobuf.json_format import Parse
from google.protobuf.message import DecodeError
from mlflow.entities.span import _otel_proto_bytes_to_id
from mlflow.server.otel_api import _convert_otlp_json_ids_to_base64
from mlflow.tracing.constant import SpanAttributeKey
from mlflow.tracing.utils import generate_mlflow_trace_id_from_otel_trace_id
from mlflow.utils.workspace_context import set_server_request_workspace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from gatehouse_mlflow import traces
from gatehouse_mlflow.decision import Actor
from gatehouse_mlflow.headers import Headers
from gatehouse_mlflow.refusal import Refused

PATH = "/v1/traces"

_PROTOBUF, _JSON = b"application/x-protobuf", b"application/json"
_REPLACED = frozenset((b"content-type", b"content-encoding", b"content-length", b"transfer-encoding"))
# API Gateway hands on 10 MB at most; what that unpacks to is bounded here, since MLflow unpacks all of it in memory.
_MOST_BYTES = 64 << 20
_TAG = SpanAttributeKey.TRACE_TAG_PREFIX
_INVALID = "the body holds no spans in OpenTelemetry's format"

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


async def own_spans(actor: Actor, headers: Headers, receive: Receive) -> tuple[Headers, Receive]:
    """The request as MLflow shall see it. Raises Refused for spans of a trace, or a link to a run, that the caller may
    not write to."""
    body = await _read(receive)
    owned = await anyio.to_thread.run_sync(_owned, actor, headers, body)
    kept = [(name, value) for name, value in headers if name.lower() not in _REPLACED]
    sent = False

    async def again() -> MutableMapping[str, Any]:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": owned, "more_body": False}

    return [*kept, (b"content-type", _PROTOBUF), (b"content-length", str(len(owned)).encode())], again


async def _read(receive: Receive) -> bytes:
    read = bytearray()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(400, "the request ended before its body")
        read += message.get("body", b"")
        if len(read) > _MOST_BYTES:
            raise Refused(400, f"spans of more than {_MOST_BYTES >> 20} MiB are sent in several requests")
        if not message.get("more_body"):
            return bytes(read)


def _owned(actor: Actor, headers: Headers, body: bytes) -> bytes:
    request = parse(body, _one(headers, b"content-type"), _one(headers, b"content-encoding"))
    spans = [span for resource in request.resource_spans for scope in resource.scope_spans for span in scope.spans]
    ids = {span.trace_id: _trace_id(span.trace_id) for span in spans if span.trace_id}
    # Of this thread's copy of the context alone; MLflow sets its own from the header.
    set_server_request_workspace(actor.workspace)
    known = traces.known(actor, ids.values())
    # MLflow asks twice which experiment it is: when it authorizes, and when it stores.
    _one(headers, b"x-mlflow-experiment-id")
    if run_id := _one(headers, b"x-mlflow-run-id"):
        traces.check_run(actor, run_id.decode("latin-1"))
    for span in spans:
        kept = [each for each in span.attributes if not _reserved(each.key)]
        del span.attributes[:]
        span.attributes.extend(kept)
        if not span.parent_span_id:
            # MLflow makes tags of these attributes of a root span alone.
            found = known.get(ids.get(span.trace_id, ""))
            tag = span.attributes.add()
            tag.key, tag.value.string_value = _TAG + traces.USER, (found and found.creator) or actor.username
    return request.SerializeToString()


def parse(body: bytes, kind: bytes, encoding: bytes) -> ExportTraceServiceRequest:
    """Reads the body in any form that MLflow takes. Raises Refused (400) for any other."""
    if encoding:
        body = _unpacked(body, encoding.lower())
    request = ExportTraceServiceRequest()
    media = kind.split(b";")[0].strip()
    try:
        if media == _JSON:
            Parse(_convert_otlp_json_ids_to_base64(body), request, ignore_unknown_fields=True)
        elif media == _PROTOBUF:
            request.ParseFromString(body)
        else:
            raise Refused(400, f"the content type must be {_PROTOBUF.decode()} or {_JSON.decode()}")
    except (
        DecodeError,
        JsonError,
        json.JSONDecodeError,
        ValueError,
        TypeError,
        AttributeError,
        RecursionError,
    ) as error:
        raise Refused(400, _INVALID) from error
    if not request.resource_spans:
        raise Refused(400, _INVALID)
    return request


def _unpacked(body: bytes, encoding: bytes) -> bytes:
    forms: Iterable[int] = {b"gzip": (31,), b"deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS)}.get(encoding, ())
    for bits in forms:
        unpacking = zlib.decompressobj(bits)
        try:
            found = unpacking.decompress(body, _MOST_BYTES)
        except zlib.error:
            continue
        if unpacking.eof and not unpacking.unused_data:
            return found
        break
    raise Refused(400, f"the body is not gzip or deflate, or unpacks to more than {_MOST_BYTES >> 20} MiB")


def _one(headers: Headers, name: bytes) -> bytes:
    found = [value for each, value in headers if each.lower() == name]
    if len(found) > 1:
        raise Refused(400, f"the header `{name.decode()}` was sent more than once; send it once")
    return found[0] if found else b""


def _reserved(key: str) -> bool:
    tag = key.removeprefix(_TAG)
    return tag != key and (tag == traces.USER or traces.reserved(tag))


def _trace_id(value: bytes) -> str:
    return generate_mlflow_trace_id_from_otel_trace_id(_otel_proto_bytes_to_id(value))
