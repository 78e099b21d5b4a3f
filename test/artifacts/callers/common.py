"""What the callers of the artifact tests share: steps as JSON lines, files of known content, and signed calls."""

import hashlib
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import requests

sys.path.insert(0, str(Path(__file__).parents[2] / "seen/callers"))

from steps import step

__all__ = ["FOLDER", "call", "made", "same", "step"]

FOLDER = Path(tempfile.mkdtemp())
_AUTH = None


def made(name: str, size: int) -> Path:
    """A file whose every part differs from every other, so that exchanged or lost parts show."""
    file = FOLDER / name
    file.parent.mkdir(parents=True, exist_ok=True)
    block = b"".join(hashlib.sha256(f"{name} {i}".encode()).digest() for i in range(min(size, 1 << 20) // 32 + 1))
    with file.open("wb") as out:
        number = 0
        while (left := size - out.tell()) > 0:
            out.write((number.to_bytes(8, "big") + block)[: min(left, len(block) + 8)])
            number += 1
    return file


def same(one: Path, other: Path) -> str:
    a, b = (hashlib.file_digest(file.open("rb"), "sha256").hexdigest() for file in (one, other))
    if a != b:
        raise AssertionError(
            f"{one.name}: {one.stat().st_size} bytes sent, {other.stat().st_size} came back, not the same"
        )
    return f"{other.stat().st_size}"


def call(method: str, path: str, **more: Any) -> requests.Response:
    """A call of MLflow's REST API signed as the stock client signs it; raises unless it is answered with 2xx."""
    global _AUTH
    if _AUTH is None:
        from mlflow_gatehouse.auth import GatehouseAuth

        _AUTH = GatehouseAuth()
    headers = {"X-MLFLOW-WORKSPACE": more.pop("workspace", os.environ["MLFLOW_WORKSPACE"])}
    answer = requests.request(
        method, f"{os.environ['MLFLOW_TRACKING_URI']}{path}", auth=_AUTH, headers=headers, timeout=60, **more
    )
    answer.raise_for_status()
    return answer
