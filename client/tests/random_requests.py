"""Requests as nobody would think of them, signed by this package; as a script, printed as JSON."""

import base64
import json
import random
import sys

import requests

from mlflow_gatehouse.auth import sign

METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "HEAD")
LETTERS = "abcXYZ019-._~ +%&=?#/:@!$'()*,;\"<>[]{}|\\^`äß東😀\t"
SAFE_IN_PATH = "".join(set(LETTERS) - set("/?#%"))
LARGE = 3 * 1024 * 1024


def random_request(rng: random.Random, origin: str) -> requests.PreparedRequest:
    """A signed request: any path and query, keys that repeat, empty and large bodies."""
    path = "/".join(_text(rng, SAFE_IN_PATH, 1) for _ in range(rng.randint(1, 5)))
    names = [_text(rng, LETTERS, 1) for _ in range(3)]
    parameters = [(rng.choice(names), _text(rng, LETTERS, 0)) for _ in range(rng.randint(0, 6))]
    prepared = requests.Request(
        rng.choice(METHODS),
        f"{origin}/prod/{path}",
        params=parameters,
        headers={
            "X-MLflow-Workspace": _text(rng, "abc-019", 1),
            "Content-Type": rng.choice(["application/json", "a/b"]),
        },
        data=_body(rng),
    ).prepare()
    sign(prepared)
    return prepared


def _body(rng: random.Random) -> bytes | str:
    size = rng.choice((0, 0, 1, 30, 3000, LARGE if rng.random() < 0.02 else 100))
    return rng.choice([rng.randbytes(size), _text(rng, LETTERS, 0)]) if size != LARGE else rng.randbytes(size)


def _text(rng: random.Random, letters: str, shortest: int) -> str:
    return "".join(rng.choice(letters) for _ in range(rng.randint(shortest, 9)))


def _main() -> None:
    asked = json.load(sys.stdin)
    rng = random.Random(asked["seed"])
    given = []
    for _ in range(asked["count"]):
        one = random_request(rng, asked["origin"])
        body = one.body.encode() if isinstance(one.body, str) else one.body or b""
        headers = {name: value if isinstance(value, str) else value.decode() for name, value in one.headers.items()}
        given.append(
            {"method": one.method, "url": one.url, "headers": headers, "body": base64.b64encode(body).decode()}
        )
    json.dump(given, sys.stdout)


if __name__ == "__main__":
    _main()
