"""Finds the catalogue's row of a method and path. The rows are generated from `authorizer/catalogue`; nobody writes a
path here."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")

_PARAMETER = re.compile(r"(\{[^}]+\})")


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one path template. `needs` is a permission, `any`, or None when the route is closed to all."""

    method: str
    path: str
    needs: str | None


class Catalogue:
    """Literal paths are looked up; templates are tried in the order in which MLflow would choose them."""

    def __init__(self, routes: Iterable[Route]):
        self.routes = tuple(routes)
        self._literal: dict[tuple[str, str], Route] = {}
        templates: list[Route] = []
        for route in self.routes:
            if "{" not in route.path:
                self._literal[route.method, route.path] = route
            else:
                templates.append(route)
        # Grouped by method and the literal text before the first parameter: most groups fall to one `startswith`.
        groups: dict[str, list[tuple[str, re.Pattern[str], Route]]] = {}
        for route in sorted(templates, key=_rank):
            prefix = route.path.partition("{")[0]
            groups.setdefault(route.method, []).append((prefix, re.compile(_expression(route.path)), route))
        self._templates = groups

    def match(self, method: str, path: str) -> Route | None:
        """`path` is decoded; since canonical paths hold no encoded separator, its segments are those of the
        raw path."""
        if found := self._literal.get((method, path)):
            return found
        for prefix, expression, route in self._templates.get(method, ()):
            if path.startswith(prefix) and expression.fullmatch(path):
                return route
        return None


def read_catalogue() -> Catalogue:
    """Reads the generated rows; a row that can't be understood stops the start."""
    return parse_catalogue(json.loads(Path(__file__).with_name("catalogue.json").read_text()))


def parse_catalogue(rows: Iterable[Mapping[str, Any]]) -> Catalogue:
    """Builds the catalogue from parsed JSON rows."""
    routes = []
    for row in rows:
        method, path, needs = row["method"], row["path"], row["needs"]
        if method not in METHODS or not isinstance(path, str) or not path.startswith("/"):
            raise ValueError(f"the catalogue's row {method!r} {path!r} is not a method and a path")
        if needs is not None and not isinstance(needs, str):
            raise ValueError(f"the catalogue's row {method} {path} needs {needs!r}, which is no permission")
        routes.append(Route(method, path, needs))
    if not routes:
        raise ValueError("the catalogue is empty")
    return Catalogue(routes)


def _expression(template: str) -> str:
    parts = (
        re.escape(part) if not part.startswith("{") else (".+" if part.endswith("+}") else "[^/]+")
        for part in _PARAMETER.split(template)
    )
    # DOTALL: an encoded line break is refused before, but `.` must not be what decides that.
    return "(?s:" + "".join(parts) + ")"


def _rank(route: Route) -> tuple[tuple[int, ...], int, str]:
    ranks = tuple(_segment_rank(segment) for segment in route.path.split("/"))
    return ((*ranks, 4), -len(route.path), route.path)


def _segment_rank(segment: str) -> int:
    if "{" not in segment:
        return 0
    if segment.endswith("+}"):
        return 3
    return 2 if segment.startswith("{") and segment.endswith("}") else 1


_ANY_PARAMETER = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?\w+>|\{\w+(?::(\w+)|(\+))?\}")


def shape(template: str) -> str:
    """A template of Flask, Starlette or the catalogue with its parameters reduced to `{x}` and `{x+}`."""
    return _ANY_PARAMETER.sub(lambda found: "{x+}" if {"path", "+"} & set(found.groups()) else "{x}", template)
