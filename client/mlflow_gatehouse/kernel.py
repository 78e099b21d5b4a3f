"""For every kernel, before its first cell: `import mlflow` finds the registry. IPython's startup folder runs this."""

import sys

from mlflow_gatehouse.environment import configure
from mlflow_gatehouse.errors import GatehouseError


def load() -> None:
    """Set the environment; a problem is said where the person looks, and never stops a kernel."""
    try:
        configure()
    except GatehouseError as error:
        print(f"mlflow-gatehouse: {error}", file=sys.stderr)
