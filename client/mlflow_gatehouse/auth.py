"""The auth object that requests calls for every request that MLflow sends."""

from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, Response, Session
from requests.auth import AuthBase

from mlflow_gatehouse import credentials
from mlflow_gatehouse.body import seal_body
from mlflow_gatehouse.errors import RefusedError
from mlflow_gatehouse.notices import explain_refusal, refusal_type, say_once
from mlflow_gatehouse.origins import check_transport, is_trusted
from mlflow_gatehouse.refusals import error_body, plain_refusal
from mlflow_gatehouse.region import signing_region
from mlflow_gatehouse.settings import read_settings
from mlflow_gatehouse.signer import SIGNATURE_HEADERS, signature
from mlflow_gatehouse.wire import origin, strict_url

_DENIED = ("AccessDeniedException", "AccessDenied")


class GatehouseAuth(AuthBase):
    """Signs a request for API Gateway, if it goes to the tracking server; leaves any other request as it is."""

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        """Sign the prepared request in place.

        Raises:
            GatehouseError: it can't be signed, or must not be sent; the message says what to do.
        """
        if not is_trusted(request.url, read_settings()):
            host = urlsplit(request.url).hostname
            say_once(
                f"untrusted:{host}",
                f"a request to {host} is sent without AWS credentials, since it isn't the tracking server; if it is a "
                "Gatehouse of yours, set MLFLOW_TRACKING_URI to it or name it in GATEHOUSE_API_URIS",
            )
            return request
        sign(request)
        request.register_hook("response", _on_response)
        return request


def sign(request: PreparedRequest) -> None:
    """Put URL and body into the form that API Gateway evaluates, and set the signature's headers."""
    settings = read_settings()
    check_transport(request.url, settings)
    region, _ = signing_region(request.url, settings)
    keys = credentials.current_keys(settings, region)
    request.url = strict_url(request.url)
    digest = seal_body(request)
    host = _text(request.headers.get("Host"))
    _strip(request)
    request.headers.update(signature(request.method, request.url, digest, keys=keys, region=region, host=host))


def _on_response(response: Response, **_: Any) -> Response:
    if response.is_redirect:
        _follow(response)
    elif response.status_code >= 400:
        _explain(response)
    return response


def _follow(response: Response) -> None:
    """Prepare the headers that requests will copy to the next hop: a new signature at home, none anywhere else.

    requests removes only Authorization when the host changes; X-Amz-Security-Token would travel on.
    """
    sent = response.request
    _strip(sent)
    following = next(Session().resolve_redirects(response, sent, yield_requests=True), None)
    if following is None:
        return
    at_home = origin(following.url) == origin(response.url) and is_trusted(following.url, read_settings())
    if at_home:
        sign(following)
        # requests derives the same request once more, from the sent one and the Location: it takes over both.
        response.headers["Location"] = following.url
        sent.headers.update({name: following.headers[name] for name in SIGNATURE_HEADERS if name in following.headers})
        return
    if following.body is not None:
        raise RefusedError(
            f"{urlsplit(response.url).hostname} redirects a {sent.method} with its body to "
            f"{urlsplit(following.url).hostname}; it isn't followed. Check MLFLOW_TRACKING_URI"
        )


def _explain(response: Response) -> None:
    settings = read_settings()
    if not is_trusted(response.url, settings):
        # Reached by a redirect, unsigned.
        return
    error_type = refusal_type(response.headers.get("x-amzn-ErrorType"))
    if error_type == "ExpiredTokenException":
        credentials.forget(settings)
    if response.status_code == 403 and error_type in _DENIED:
        # MLflow raises what an answer of its own shape says.
        response._content = error_body("PERMISSION_DENIED", plain_refusal(response.text)).encode()
        response.headers["Content-Type"] = "application/json"
    text = explain_refusal(response.status_code, error_type, signing_region(response.url, settings)[0])
    if text:
        say_once(f"refused:{response.status_code}:{error_type}", text)


def _strip(request: PreparedRequest) -> None:
    for name in SIGNATURE_HEADERS:
        request.headers.pop(name, None)


def _text(value: str | bytes | None) -> str | None:
    return value.decode("latin-1") if isinstance(value, bytes) else value
