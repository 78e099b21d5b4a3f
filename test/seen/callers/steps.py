"""Runs the steps of a caller's script and prints what each came to, a JSON object a line."""

import json
import re
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError
from mlflow.exceptions import MlflowException


def step(name: str, action: Callable[[], Any]) -> Any:
    try:
        result = action()
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        _print(name, status, f"{error.response['Error']['Code']}: {error.response['Error']['Message']}")
    except Exception as error:
        _print(name, _status(error), f"{type(error).__name__}: {error}")
    else:
        _print(name, "ok", "" if result is None else str(result))
        return result
    return None


def _status(error: BaseException) -> int | None:
    """Of the HTTP answer behind an error; MLflow gives it as a code of its own, as a response, or only in the text."""
    response = getattr(error, "response", None)
    if response is not None:
        return response.status_code
    text = str(error)
    if found := re.search(r"error code (\d{3})|status_code[=:]\s*(\d{3})|\b(\d{3}) Client Error", text):
        return int(next(group for group in found.groups() if group))
    # What a gateway's refusal comes out as: MLflow reads its answer as one of its own without an error code.
    if "is not authorized to perform: execute-api:Invoke" in text or "request signature we calculated" in text:
        return 403
    if isinstance(error, MlflowException):
        return error.get_http_status_code()
    return None


def _print(name: str, status: int | str | None, message: str) -> None:
    print(json.dumps({"step": name, "status": status, "message": message[:500]}), flush=True)
