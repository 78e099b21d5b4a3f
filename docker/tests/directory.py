"""A directory that PostgreSQL asks by LDAP whether a password is right, which plays RDS: the password is a token."""

import socketserver
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

from botocore.auth import SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


class Tokens:
    """What came as a password, and whether it is what RDS takes: signed with the right key, for this host, fresh."""

    def __init__(self, key: tuple[str, str], region: str):
        self.credentials = Credentials(*key)
        self.region = region
        self.seen: list[tuple[str, str]] = []

    def good(self, user: str, token: str) -> bool:
        self.seen.append((user, token))
        if "?" not in token:
            return False
        parts = urlsplit(f"https://{token}")
        given = dict(parse_qsl(parts.query))
        if given.get("Action") != "connect" or given.get("DBUser") != user:
            return False
        made = datetime.strptime(given["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        if abs(time.time() - made.timestamp()) > 900 or given["X-Amz-Expires"] != "900":
            return False
        return self.signed_at(f"https://{parts.netloc}/?Action=connect&DBUser={user}", made) == given["X-Amz-Signature"]

    def signed_at(self, url: str, made: datetime) -> str:
        request = AWSRequest(method="GET", url=url)
        signer = SigV4QueryAuth(self.credentials, "rds-db", self.region, expires=900)
        request.context["timestamp"] = made.strftime("%Y%m%dT%H%M%SZ")
        signer._modify_request_before_signing(request)
        canonical = signer.canonical_request(request)
        return signer.signature(signer.string_to_sign(request, canonical), request)


@contextmanager
def directory(tokens: Tokens) -> Iterator[int]:
    """Serves LDAP's simple bind on a free port: `cn=<user>` and the token."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while (message := self.element()) is not None:
                number, operation = elements(message[1])[:2]
                if operation[0] != 0x60:  # Anything but a bind, such as unbind.
                    return
                _version, name, secret = elements(operation[1])
                user = name[1].decode().removeprefix("cn=")
                code = 0 if tokens.good(user, secret[1].decode()) else 49
                answer = encoded(0x61, encoded(0x0A, bytes([code])) + encoded(4, b"") + encoded(4, b""))
                self.wfile.write(encoded(0x30, encoded(2, number[1]) + answer))

        def element(self) -> tuple[int, bytes] | None:
            head = self.rfile.read(2)
            if len(head) < 2:
                return None
            length = head[1]
            if length & 0x80:
                length = int.from_bytes(self.rfile.read(length & 0x7F), "big")
            return head[0], self.rfile.read(length)

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield int(server.server_address[1])
        finally:
            server.shutdown()


def elements(data: bytes) -> list[tuple[int, bytes]]:
    """Tags and values of a BER sequence."""
    found: list[tuple[int, bytes]] = []
    while data:
        length, at = data[1], 2
        if length & 0x80:
            at = 2 + (length & 0x7F)
            length = int.from_bytes(data[2:at], "big")
        found.append((data[0], data[at : at + length]))
        data = data[at + length :]
    return found


def encoded(tag: int, value: bytes) -> bytes:
    """One BER element of up to 127 bytes."""
    assert len(value) < 128
    return bytes([tag, len(value)]) + value


def hba(port: int) -> str:
    """Who logs in how, as on RDS: members of `rds_iam` by token alone, everybody else by password."""
    return (
        f'host all +rds_iam 127.0.0.1/32 ldap ldapserver=127.0.0.1 ldapport={port} ldapprefix="cn=" ldapsuffix=""\n'
        "host all all 127.0.0.1/32 scram-sha-256\n"
    )
