"""What jupyter-server-proxy asks: how to start the proxy, and its tile in JupyterLab's launcher."""

import sys
from pathlib import Path
from typing import Any


def tile() -> dict[str, Any]:
    """The tile "MLflow". The proxy starts at the first click and lives as long as the Jupyter server."""
    return {
        "command": [sys.executable, "-m", "mlflow_gatehouse", "proxy", "--socket", "{unix_socket}"],
        # A socket in a folder of its own that jupyter-server-proxy makes for this user alone.
        "unix_socket": True,
        "timeout": 60,
        "absolute_url": False,
        "new_browser_tab": True,
        "launcher_entry": {
            "enabled": True,
            "title": "MLflow",
            "icon_path": str(Path(__file__).with_name("mlflow.svg")),
            # In any other section but Console, JupyterLab's launcher leaves out a picture that is given by its address.
            "category": "Notebook",
        },
    }
