"""The one signer, of MLflow's client and of the proxy in Jupyter: the headers of SigV4 as API Gateway checks them."""

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from mlflow_gatehouse.keys import Keys
from mlflow_gatehouse.wire import host_header

SERVICE = "execute-api"
SIGNATURE_HEADERS = ("Authorization", "X-Amz-Date", "X-Amz-Content-SHA256", "X-Amz-Security-Token")


def signature(
    method: str, url: str, digest: str, *, keys: Keys, region: str, host: str | None = None
) -> dict[str, str]:
    """The headers that sign a request.

    Nothing but these and Host is signed: proxies and HTTP clients rewrite Accept-Encoding, User-Agent and their like.

    Args:
        method: in capitals.
        url: as it will be sent, in the spelling of `wire.strict_url`.
        digest: SHA-256 of the body, in hex.
        keys: of the caller.
        region: of the API.
        host: the Host header, where it isn't the URL's own.
    """
    signed = AWSRequest(
        method=method,
        url=url,
        headers={"Host": host or host_header(url), "X-Amz-Content-SHA256": digest},
    )
    SigV4Auth(keys, SERVICE, region).add_auth(signed)
    return {name: signed.headers[name] for name in SIGNATURE_HEADERS if name in signed.headers}
