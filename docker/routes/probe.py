"""Prints every route that the installed MLflow serves with this package's application, as JSON: the ground truth for
the catalogue.

Run as `python docker/routes/probe.py`; the committed snapshot is its output. HEAD and OPTIONS, which Flask adds by
itself, are left out; so are Flask's twins of routes that FastAPI answers first. Everything that MLflow needs on disk
goes to a temporary folder.
"""

import contextlib
import json
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")

_FLASK = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")
_STARLETTE = re.compile(r"\{(\w+)(?::(\w+))?\}")

Row = dict[str, str]


def main() -> None:
    """Builds the application in a temporary folder, with nothing but its routes in mind."""
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory(prefix="gatehouse-probe-") as folder, contextlib.chdir(folder):
        _prepare(Path(folder))
        import mlflow
        from mlflow.server import app as flask

        from gatehouse_mlflow.app import create_app

        application = create_app().app
        rows = [*_fastapi(application.routes), *_flask(flask)]
        document = {"mlflow": mlflow.__version__, "routes": _once(rows)}
    routes = ",\n".join(f"    {json.dumps(row)}" for row in document["routes"])
    print(f'{{\n  "mlflow": "{document["mlflow"]}",\n  "routes": [\n{routes}\n  ]\n}}')


def _prepare(folder: Path) -> None:
    from gatehouse_mlflow.environment import auth_configuration

    for name in [name for name in os.environ if name.startswith(("MLFLOW_", "_MLFLOW_", "GATEHOUSE_"))]:
        del os.environ[name]
    unused = "unused-by-a-probe-that-serves-no-request"
    persona = {"mlflow": {}, "isAdmin": False}
    access = {"account": "000000000000", "roles": {}, "workspaces": {"probe": None}, "personas": {"probe": persona}}
    database = f"sqlite:///{folder}/probe.db"
    ini = folder / "auth.ini"
    # Versions before 3.17 want an administrator's password; whoever it is lives as long as the folder.
    ini.write_text(f"{auth_configuration(database).rstrip()}\nadmin_password = {unused}\n")
    os.environ.update(
        GATEHOUSE_ACCESS=json.dumps(access),
        GATEHOUSE_PROOF=unused,
        GATEHOUSE_ASSERTION_KEY=unused,
        MLFLOW_FLASK_SERVER_SECRET_KEY=unused,
        MLFLOW_AUTH_ADMIN_PASSWORD=unused,
        MLFLOW_AUTH_CONFIG_PATH=str(ini),
        MLFLOW_ENABLE_WORKSPACES="true",
        MLFLOW_DISABLE_TELEMETRY="true",
        # What `mlflow server` tells its workers: serve the FastAPI application, not Flask alone.
        _MLFLOW_SGI_NAME="uvicorn",
    )


def _fastapi(routes: Iterable[Any]) -> Iterator[Row]:
    from fastapi.routing import iter_route_contexts
    from starlette.routing import Mount

    # FastAPI keeps included routers as they are: this walks into them, with their prefixes.
    for route in iter_route_contexts(routes):
        if route.path is None:
            raise RuntimeError(f"a route of FastAPI has no path that could be listed: {route!r}")
        mount = isinstance(getattr(route, "original_route", None), Mount)
        if mount and route.path == "":
            # The root mount is Flask, whose routes are listed one by one.
            continue
        for method in route.methods or METHODS:
            suffix = "/{path+}" if mount else ""
            yield _row(method, _STARLETTE.sub(_parameter_of_starlette, route.path) + suffix, "fastapi")


def _flask(flask: Any) -> Iterator[Row]:
    for rule in flask.url_map.iter_rules():
        for method in rule.methods or METHODS:
            yield _row(method, _FLASK.sub(_parameter_of_flask, rule.rule), "flask")


def _row(method: str, path: str, server: str) -> Row:
    return {"method": method, "path": path, "server": server}


def _parameter_of_starlette(found: re.Match[str]) -> str:
    return f"{{{found[1]}{'+' if found[2] == 'path' else ''}}}"


def _parameter_of_flask(found: re.Match[str]) -> str:
    return f"{{{found[2]}{'+' if found[1] == 'path' else ''}}}"


def _once(rows: Iterable[Row]) -> list[Row]:
    """The first to name a method and shape of path wins: FastAPI's routes stand before the mount of Flask."""
    found: dict[tuple[str, str], Row] = {}
    for row in rows:
        if row["method"] in METHODS:
            found.setdefault((row["method"], re.sub(r"\{\w+(\+?)\}", r"{x\1}", row["path"])), row)
    return sorted(found.values(), key=lambda row: (row["path"], row["method"]))


if __name__ == "__main__":
    sys.exit(main())
