"""The proxy: takes MLflow's UI's requests, signs them and passes them on to the registry's `code` API."""

import asyncio
import hashlib
import logging
import os
import socket
from urllib.parse import urlsplit

import mlflow
from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector, web
from yarl import URL

from mlflow_gatehouse import credentials
from mlflow_gatehouse.errors import GatehouseError, SettingsError
from mlflow_gatehouse.notices import explain_refusal, refusal_type
from mlflow_gatehouse.origins import check_transport
from mlflow_gatehouse.proxy.headers import harmless, is_foreign, to_return, to_send
from mlflow_gatehouse.proxy.page import (
    GUARDS_SCRIPT,
    WORKSPACE_SCRIPT,
    error_page,
    guards_script,
    with_scripts,
    workspace_script,
)
from mlflow_gatehouse.proxy.paths import target
from mlflow_gatehouse.refusals import error_body, plain_refusal
from mlflow_gatehouse.region import signing_region
from mlflow_gatehouse.settings import Settings, read_settings
from mlflow_gatehouse.signer import signature
from mlflow_gatehouse.wire import origin

# What API Gateway takes in one request; a body is held in memory to be hashed.
LONGEST_BODY = 10 * 1024 * 1024
_CHUNK = 256 * 1024
# API Gateway ends an integration after 29 s by default; a download may go on for as long as bytes come.
_TIMEOUT = ClientTimeout(total=None, sock_connect=10, sock_read=120)
_SESSION = web.AppKey("session", ClientSession)
_logger = logging.getLogger(__name__)


def create_app() -> web.Application:
    """The application; it reads the environment for each request, as MLflow's client does."""
    app = web.Application(client_max_size=LONGEST_BODY)
    app.cleanup_ctx.append(_client)
    app.router.add_get(f"/{WORKSPACE_SCRIPT}", _workspace)
    app.router.add_get(f"/{GUARDS_SCRIPT}", _guards)
    app.router.add_route("*", "/{path:.*}", _handle)
    return app


async def _client(app: web.Application):
    # Nothing is unpacked, followed or remembered: bytes pass as they come.
    app[_SESSION] = ClientSession(
        auto_decompress=False,
        timeout=_TIMEOUT,
        connector=TCPConnector(limit=64),
        read_bufsize=4 * _CHUNK,
        skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
    )
    yield
    await app[_SESSION].close()


async def _workspace(_: web.Request) -> web.Response:
    text = workspace_script(os.environ.get("MLFLOW_WORKSPACE"))
    return _script(text)


async def _guards(_: web.Request) -> web.Response:
    return _script(guards_script())


def _script(text: str) -> web.Response:
    return web.Response(text=text, content_type="text/javascript", headers={"Cache-Control": "no-store"})


async def _handle(request: web.Request) -> web.StreamResponse:
    if is_foreign(request.method, request.headers):
        return _answered(request, 403, "PERMISSION_DENIED", "sent by a page of another site")
    try:
        return await _forward(request)
    except web.HTTPRequestEntityTooLarge:
        return _answered(request, 413, "INVALID_PARAMETER_VALUE", explain_refusal(413, "", "") or "")
    except GatehouseError as error:
        return _failed(request, str(error))
    except (ClientError, TimeoutError) as error:
        host = urlsplit(mlflow.get_tracking_uri()).hostname
        return _failed(request, f"{host} can't be reached: {type(error).__name__}; check the network")


async def _forward(request: web.Request) -> web.StreamResponse:
    settings = read_settings()
    base = _registry(settings)
    url = target(base, request.raw_path)
    region, _ = signing_region(base, settings)
    body = await request.read()
    # In a thread, when STS has to be asked.
    keys = credentials.ready_keys(settings, region) or await asyncio.to_thread(
        credentials.current_keys, settings, region
    )
    digest = hashlib.sha256(body).hexdigest()
    headers = to_send(request.headers)
    is_page = request.method == "GET" and request.path in ("/", "/index.html")
    if is_page:
        headers["Accept-Encoding"] = "identity"
    headers.update(signature(request.method, url, digest, keys=keys, region=region))
    async with request.app[_SESSION].request(
        request.method,
        URL(url, encoded=True),
        headers=headers,
        data=body or None,
        allow_redirects=False,
    ) as answer:
        if answer.status >= 400:
            _note_refusal(settings, region, answer.status, answer.headers.get("x-amzn-ErrorType"))
        passed = to_return(answer.headers.items())
        if not is_page and not request.path.startswith("/static-files/"):
            passed = harmless(passed)
        if answer.status == 403 and answer.headers.get("x-amzn-ErrorType"):
            return _refused(request, await answer.read())
        if is_page and answer.status == 200:
            page = with_scripts(await answer.read())
            passed = [(name, value) for name, value in passed if name.lower() not in ("content-length", "etag")]
            return web.Response(body=page, headers=passed)
        response = web.StreamResponse(status=answer.status, reason=answer.reason, headers=_at_home(passed, base))
        await response.prepare(request)
        _widen(request.transport)
        # Each as it arrived: nothing is put together, and nothing waits in the transport, which would copy it.
        async for chunk, _ in answer.content.iter_chunks():
            await response.write(chunk)
        await response.write_eof()
        return response


def _widen(transport: asyncio.Transport | None) -> None:
    """Let the socket, not the transport, hold what the browser hasn't taken yet; reading goes on meanwhile."""
    if transport is None:
        return
    transport.set_write_buffer_limits(high=0)
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * _CHUNK)


def _registry(settings: Settings) -> str:
    uri = mlflow.get_tracking_uri()
    if origin(uri) is None:
        raise SettingsError("no registry is set: set MLFLOW_TRACKING_URI to the URL of the registry's API")
    check_transport(uri, settings)
    return uri


def _note_refusal(settings: Settings, region: str, status: int, header: str | None) -> None:
    kind = refusal_type(header)
    if kind == "ExpiredTokenException":
        credentials.forget(settings)
    if hint := explain_refusal(status, kind, region):
        _logger.warning("%s", hint)


def _at_home(headers: list[tuple[str, str]], base: str) -> list[tuple[str, str]]:
    """A redirect within the registry stays behind the proxy; one elsewhere, such as a presigned URL, isn't."""
    prefix = base.rstrip("/") + "/"
    return [
        (name, value.removeprefix(prefix)) if name.lower() == "location" else (name, value) for name, value in headers
    ]


def _refused(request: web.Request, body: bytes) -> web.Response:
    """IAM's refusal, which has neither MLflow's shape nor words that say what to do."""
    return _answered(request, 403, "PERMISSION_DENIED", plain_refusal(body.decode("utf-8", "replace")))


def _failed(request: web.Request, message: str) -> web.Response:
    return _answered(request, 502, "INTERNAL_ERROR", message)


def _answered(request: web.Request, status: int, code: str, message: str) -> web.Response:
    if "text/html" in request.headers.get("Accept", ""):
        return web.Response(text=error_page(message), content_type="text/html", status=status)
    return web.json_response(text=error_body(code, message), status=status)
