"""The outermost ASGI layer: every request of every kind (Flask, FastAPI, GraphQL, OTLP, artifacts) is decided here
before MLflow reads it."""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import anyio.to_thread

from gatehouse_mlflow.access import Access
from gatehouse_mlflow.actor import current_actor
from gatehouse_mlflow.canonical import non_canonical_reason
from gatehouse_mlflow.catalogue import Catalogue, Route
from gatehouse_mlflow.crossorigin import CrossOrigin
from gatehouse_mlflow.decision import Actor, decide, find_route
from gatehouse_mlflow.frozen import check_proxied
from gatehouse_mlflow.headers import WORKSPACE, GatewayHeaders, Headers, read_headers
from gatehouse_mlflow.identity import Session, check_proof, read_session
from gatehouse_mlflow.log import log_line
from gatehouse_mlflow.metrics import ROUTE
from gatehouse_mlflow.otlp import PATH as OTLP
from gatehouse_mlflow.otlp import own_spans
from gatehouse_mlflow.refusal import Refused
from gatehouse_mlflow.settings import GateSettings
from gatehouse_mlflow.users import Users

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# The load balancer's check: the only request served without proof, and without anything a client could say about
# himself.
_HEALTH = "/health"
_ARTIFACT_CHANGES = frozenset(("artifact:write", "artifact:delete"))


class Gate:
    """Wraps MLflow's application. Whatever goes wrong in here is a refusal."""

    def __init__(self, app: App, settings: GateSettings, catalogue: Catalogue, users: Users, policy: Any = None):
        self.app = app
        # What an administrator has taken away since the last deployment.
        self._policy = policy
        self._access: Access = settings.access
        self._proofs = settings.proofs
        self._keys = settings.assertion_keys
        self._cross_origin = CrossOrigin(settings.cross_origins)
        self._catalogue = catalogue
        self._users = users
        self._warm = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "websocket":
            # MLflow serves none; closing before accepting is a 403.
            await send({"type": "websocket.close", "code": 1008})

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked: Headers = scope["headers"]
        person: str | None = None
        actor: Actor | None = None
        try:
            path = _path(scope)
            headers = read_headers(asked)
            if not (scope["method"] == "GET" and path == _HEALTH):
                session = self._session(headers)
                person = session.person
                route = find_route(self._catalogue, scope["method"], path)
                scope[ROUTE] = route.path
                session = await self._narrowed(session, route)
                actor = decide(self._access, session, route, headers.workspace)
                await self._provide(actor)
                if route.needs in _ARTIFACT_CHANGES:
                    await anyio.to_thread.run_sync(check_proxied, actor, scope["method"], path)
                handed = headers.rest
                if route.path == OTLP:
                    handed, receive = await own_spans(actor, handed, receive)
        except Refused as refused:
            await self._refuse(scope, person, refused, send)
            return
        except Exception as error:
            log_line("failed", error=type(error).__name__)
            await self._refuse(scope, person, Refused(500, "the request could not be decided, so it is refused"), send)
            return

        if actor is None:
            await self.app({**scope, "headers": headers.rest}, receive, send)
            return

        async def completed(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = self._cross_origin.complete(asked, list(message.get("headers", ())))
            await send(message)

        inner = [*handed, (WORKSPACE, actor.workspace.encode())]
        token = current_actor.set(actor)
        try:
            await self.app({**scope, "headers": inner}, receive, completed)
        finally:
            current_actor.reset(token)

    def _session(self, headers: GatewayHeaders) -> Session:
        check_proof(headers, self._proofs)
        return read_session(headers, self._access, self._keys, time.time())

    async def _narrowed(self, session: Session, route: Route) -> Session:
        """The session without what the access policy takes from it; a person it shuts out is refused."""
        if self._policy is None:
            return session
        # The first read of a process may wait for the network.
        policy = await anyio.to_thread.run_sync(self._policy.current) if not self._warm else self._policy.current()
        self._warm = True
        if policy.revoked(session.person):
            raise Refused(403, f"`{session.person}` has been shut out of this registry; ask the platform team")
        kept = tuple(persona for persona in session.personas if not policy.narrow(persona.name, str(route.needs)))
        if not kept:
            raise Refused(
                403, f"`{route.needs}` is taken from your persona by the access policy; ask the platform team"
            )
        personas = tuple(
            replace(persona, permissions=persona.permissions - policy.may_not.get(persona.name, frozenset()))
            if persona.permissions is not None
            else persona
            for persona in session.personas
            if persona.permissions is not None or persona in kept
        )
        complete = session.complete and len(personas) == len(session.personas)
        return replace(session, personas=personas, complete=complete)

    async def _provide(self, actor: Actor) -> None:
        if self._users.knows(actor):
            return
        try:
            await anyio.to_thread.run_sync(self._users.provide, actor)
        except Exception as error:
            log_line("unprovided", user=actor.username, error=type(error).__name__)
            raise Refused(503, "your user could not be prepared in MLflow; try again in a moment") from error

    async def _refuse(self, scope: Scope, person: str | None, refused: Refused, send: Send) -> None:
        path = bytes(scope.get("raw_path") or b"").decode("latin-1")[:512]
        log_line(
            "refused", status=refused.status, method=scope["method"], path=path, person=person, why=refused.message
        )
        body = b"" if scope["method"] == "HEAD" else refused.body()
        headers: Headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
        if refused.status == 405:
            headers.append((b"allow", b"DELETE, GET, PATCH, POST, PUT"))
        headers = self._cross_origin.complete(scope["headers"], headers)
        await send({"type": "http.response.start", "status": refused.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def _path(scope: Scope) -> str:
    """The decoded path, of which exactly one spelling is accepted, and which must be what MLflow will route by."""
    raw = scope.get("raw_path")
    if not isinstance(raw, bytes):
        raise Refused(400, "the request has no raw path")
    if reason := non_canonical_reason(raw):
        raise Refused(400, reason)
    path = unquote(raw.decode("ascii"), errors="strict")
    if path != scope["path"] or scope.get("root_path"):
        raise Refused(400, "the path is not the one that the server would serve")
    return path
