"""What the proxy itself tells a browser: the workspace to open, what files may do, and why something failed."""

import html
import json
from importlib.resources import files

WORKSPACE_SCRIPT = "gatehouse-workspace.js"
GUARDS_SCRIPT = "gatehouse-guards.js"


def with_scripts(page: bytes) -> bytes:
    """MLflow's page with our scripts before MLflow's.

    Without a workspace its links lead to a choice of one. Without the guards an artifact that somebody opens in a tab
    of its own would run with Jupyter's origin, and with it the session.
    """
    tag = "".join(f'<script src="{name}"></script>' for name in (GUARDS_SCRIPT, WORKSPACE_SCRIPT)).encode()
    head, script, rest = page.partition(b"<script")
    return head + tag + script + rest if script else page


def workspace_script(workspace: str | None) -> str:
    """Sets the workspace as MLflow's UI keeps it, unless one was chosen in this browser."""
    if not workspace:
        return ""
    # `</` can't end a script that is a file of its own; JSON is a JavaScript literal.
    name = json.dumps(workspace)
    return (
        'if (!localStorage.getItem("mlflow.activeWorkspace")) '
        f'localStorage.setItem("mlflow.activeWorkspace", {name});\n'
    )


def guards_script() -> str:
    """The web UI's own guards."""
    return files(__package__).joinpath("guards.js").read_text("utf-8")


def error_page(message: str) -> str:
    """For a tab that can't show MLflow."""
    return (
        '<!doctype html><meta charset="utf-8"><title>MLflow</title>'
        '<body style="font: 16px sans-serif; max-width: 45em; margin: 4em auto">'
        f"<h1>MLflow can't be opened</h1><p>{html.escape(message)}</p>"
        "<p>In a terminal, <code>python -m mlflow_gatehouse doctor</code> says more.</p>"
    )
