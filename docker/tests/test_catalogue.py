"""Finding a row: literal before template, one segment before several, unknown is nothing."""

import json
import re
from pathlib import Path

import pytest

from gatehouse_mlflow.catalogue import Catalogue, parse_catalogue, read_catalogue, shape

ROWS = [
    {"method": "GET", "path": "/", "needs": "any"},
    {"method": "GET", "path": "/traces/get", "needs": "trace:read"},
    {"method": "GET", "path": "/traces/{id}", "needs": "trace:read"},
    {"method": "DELETE", "path": "/traces/{id}", "needs": "trace:delete"},
    {"method": "GET", "path": "/artifacts/{path+}", "needs": "artifact:read"},
    {"method": "GET", "path": "/artifacts/{id}", "needs": "artifact:read"},
    {"method": "GET", "path": "/mcp/{name+}", "needs": "mcp_server:read"},
    {"method": "GET", "path": "/mcp/{name+}/versions/{version+}", "needs": "mcp_server:read"},
    {"method": "POST", "path": "/gemini/{model}:generateContent", "needs": "gateway:use"},
    {"method": "POST", "path": "/closed/{x}", "needs": None},
]


@pytest.fixture
def catalogue() -> Catalogue:
    return parse_catalogue(ROWS)


@pytest.mark.parametrize(
    ("method", "path", "template"),
    [
        ("GET", "/", "/"),
        ("GET", "/traces/get", "/traces/get"),
        ("GET", "/traces/get2", "/traces/{id}"),
        ("DELETE", "/traces/get", "/traces/{id}"),
        ("POST", "/traces/get", None),
        ("GET", "/traces/", None),
        ("GET", "/traces", None),
        ("GET", "/traces/a/b", None),
        ("GET", "/artifacts/a", "/artifacts/{id}"),
        ("GET", "/artifacts/a/b c\n", "/artifacts/{path+}"),
        ("GET", "/mcp/ns/slug", "/mcp/{name+}"),
        ("GET", "/mcp/ns/slug/versions/1.0", "/mcp/{name+}/versions/{version+}"),
        ("POST", "/gemini/pro:generateContent", "/gemini/{model}:generateContent"),
        ("POST", "/gemini/pro:other", None),
        ("POST", "/gemini/:generateContent", None),
        ("GET", "/TRACES/get", None),
        ("get", "/traces/get", None),
        ("HEAD", "/", None),
        ("POST", "/closed/1", "/closed/{x}"),
    ],
)
def test_match(catalogue: Catalogue, method: str, path: str, template: str | None) -> None:
    found = catalogue.match(method, path)
    assert (found.path if found else None) == template


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [{"method": "HEAD", "path": "/", "needs": "any"}],
        [{"method": "GET", "path": "x", "needs": "any"}],
        [{"method": "GET", "path": "/", "needs": True}],
    ],
)
def test_refuses_rows(rows: list[dict[str, object]]) -> None:
    with pytest.raises(ValueError, match="catalogue"):
        parse_catalogue(rows)


def test_shape() -> None:
    assert shape("/a/<b>/<path:c>") == shape("/a/{b}/{c:path}") == shape("/a/{x}/{y+}") == "/a/{x}/{x+}"


def test_finds_the_row_that_mlflow_would_serve() -> None:
    """The second check in `authorize` refuses whatever is found under another shape than Flask's."""
    snapshot = json.loads((Path(__file__).parents[1] / "routes" / "mlflow-3.17.2.json").read_text())
    catalogue = read_catalogue()
    for route in snapshot["routes"]:
        path = re.sub(r"\{\w+\}", "a-1", re.sub(r"\{\w+\+\}", "b/c", route["path"]))
        found = catalogue.match(route["method"], path)
        assert found is not None, route
        assert shape(found.path) == shape(route["path"]), path


def test_knows_every_route_of_mlflow() -> None:
    """The package's own catalogue against the routes that the installed MLflow serves; `/metrics` exists on
    request only."""
    snapshot = json.loads((Path(__file__).parents[1] / "routes" / "mlflow-3.17.2.json").read_text())
    served = {(route["method"], shape(route["path"])) for route in snapshot["routes"]}
    known = {(route.method, shape(route.path)) for route in read_catalogue().routes}
    assert served - known == set()
    assert known - served <= {("GET", "/metrics")}
