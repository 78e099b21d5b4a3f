"""The committed snapshot is what the installed MLflow serves."""

import os
import subprocess
import sys
from pathlib import Path

ROUTES = Path(__file__).parents[1] / "routes"


def test_snapshot_is_current(tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, str(ROUTES / "probe.py")],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        env=os.environ,
    )
    assert answer.stdout == (ROUTES / "mlflow-3.17.2.json").read_text()
    assert list(tmp_path.iterdir()) == []
