"""From a path that MLflow's UI asks to the one of the registry's `code` API."""

import json
import re
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from mlflow_gatehouse.errors import SettingsError
from mlflow_gatehouse.wire import strict_url

_AJAX, _API = "/ajax-api/", "/api/"


# The UI asks the same few paths again and again, with what differs in the body.
@lru_cache(maxsize=256)
def target(base: str, raw_path: str) -> str:
    """The registry's URL for a path of the proxy, in the one spelling that can be signed.

    The UI calls below `/ajax-api/`. The `code` API serves the same below `/api/`, and below `/ajax-api/` only what has
    no such twin.

    Args:
        base: the tracking URI.
        raw_path: path and query as sent.

    Raises:
        SettingsError: the path climbs out of the API's stage, or parts of the way could read it differently.
    """
    path, _, query = raw_path.partition("?")
    if path.startswith(_AJAX) and not _is_ajax_only(unquote(path)):
        path = _API + path.removeprefix(_AJAX)
    url = strict_url(f"{base.rstrip('/')}{path}?{query}")
    segments = urlsplit(strict_url(path)).path.split("/")[1:]
    if any(segment in (".", "..") for segment in segments) or "" in segments[:-1]:
        raise SettingsError(f"the path {path} isn't one of MLflow's")
    return url


@lru_cache(maxsize=1)
def _expressions() -> tuple[re.Pattern[str], ...]:
    # Generated from the catalogue of routes (`npm run generate`): nobody writes a path here.
    templates = json.loads(Path(__file__).with_name("ajax_paths.json").read_text(encoding="utf-8"))
    return tuple(re.compile(_expression(template)) for template in templates)


def _expression(template: str) -> str:
    parts = re.split(r"(\{[^}]+\})", template)
    return "".join(
        (".+" if part.endswith("+}") else "[^/]+") if part.startswith("{") else re.escape(part) for part in parts
    )


def _is_ajax_only(path: str) -> bool:
    return any(expression.fullmatch(path) for expression in _expressions())
