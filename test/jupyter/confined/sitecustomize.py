"""No network but what a job has: each connection of this Python but those to GATEHOUSE_TEST_PORTS on loopback fails."""

import os
import sys

_PORTS = {int(port) for port in os.environ["GATEHOUSE_TEST_PORTS"].split()}


def _refuse(event: str, arguments: tuple) -> None:
    if event == "socket.connect":
        address = arguments[1]
        if isinstance(address, tuple) and (address[0] != "127.0.0.1" or address[1] not in _PORTS):
            raise ConnectionRefusedError(f"this job reaches no {address}")
    elif event == "socket.getaddrinfo" and arguments[0] not in ("127.0.0.1", "localhost", None):
        raise ConnectionRefusedError(f"this job reaches no {arguments[0]}")


sys.addaudithook(_refuse)
