"""Runs the proxy on a Unix socket, which no other user of the machine and no other machine can open."""

import os
import stat
from pathlib import Path

from aiohttp import web

from mlflow_gatehouse.errors import RefusedError
from mlflow_gatehouse.proxy.app import create_app


def serve(socket: Path) -> None:
    """Serve until the process is told to end.

    Raises:
        RefusedError: others may open files in the socket's folder.
    """
    folder = socket.parent
    mode = folder.stat()
    if mode.st_uid != os.getuid() or stat.S_IMODE(mode.st_mode) & 0o077:
        raise RefusedError(f"others could use the proxy: {folder} must be yours alone (chmod 700)")
    os.umask(0o077)
    socket.unlink(missing_ok=True)
    web.run_app(create_app(), path=str(socket), print=None, access_log=None, handle_signals=True)
