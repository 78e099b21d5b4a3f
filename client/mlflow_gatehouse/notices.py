"""Things worth saying once in a process."""

import logging

_logger = logging.getLogger("mlflow_gatehouse")
_said: set[str] = set()

# The error types by which API Gateway says, in a header, why it refused a signature.
_REFUSALS = {
    "ExpiredTokenException": "the AWS credentials have expired; renew them (for example `aws sso login`)",
    "InvalidSignatureException": "the signature isn't accepted; check the clock here, and that the API is in {region}",
    "UnrecognizedClientException": "AWS doesn't know these credentials; check AWS_PROFILE and the environment",
    "MissingAuthenticationTokenException": "the API has no such path; check the stage in MLFLOW_TRACKING_URI",
}


def say_once(key: str, text: str) -> None:
    """Log a warning, the first time that this key comes by."""
    if key not in _said:
        _said.add(key)
        _logger.warning("%s", text)


def refusal_type(header: str | None) -> str:
    """The bare error type of an `x-amzn-ErrorType` header, which may carry a namespace or a link."""
    return (header or "").partition(":")[0].rpartition("#")[2].strip()


def explain_refusal(status: int, error_type: str, region: str) -> str | None:
    """What to do about an answer of the gateway, or None where MLflow's own message is enough."""
    if status == 413:
        return "API Gateway takes 10 MB a request; upload in parts: set MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE=1"
    text = _REFUSALS.get(error_type)
    return text.format(region=region) if text and status in (401, 403) else None
