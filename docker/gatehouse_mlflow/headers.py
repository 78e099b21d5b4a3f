"""Reads the gateway's headers out of a request and takes them, with every other credential, away from what MLflow
sees."""

from dataclasses import dataclass

from gatehouse_mlflow.refusal import Refused

PROOF = b"x-gatehouse-proof"
CALLER = b"x-gatehouse-caller"
ASSERTION = b"x-gatehouse-assertion"
WORKSPACE = b"x-mlflow-workspace"

_OURS = frozenset((PROOF, CALLER, ASSERTION, WORKSPACE))
# MLflow never reads a credential of the client: the gateway has verified it already, and only the gateway's word
# counts.
_CREDENTIALS = frozenset((b"authorization", b"x-mlflow-authorization", b"proxy-authorization"))
# A list in one header is how two values get merged into one: neither of these ever holds a comma.
_NO_COMMA = frozenset((PROOF, CALLER))

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class GatewayHeaders:
    """What the gateway said; empty bytes where it said nothing. `rest` is safe to hand to MLflow."""

    proof: bytes
    caller: bytes
    assertion: bytes
    workspace: bytes | None
    rest: Headers


def read_headers(headers: Headers) -> GatewayHeaders:
    """Refuses every spelling that WSGI would merge with ours (`X_Gatehouse_Caller`), every repetition and every
    list."""
    found: dict[bytes, bytes] = {}
    rest: Headers = []
    for name, value in headers:
        lower = name.lower()
        plain = lower.replace(b"_", b"-")
        if plain in _OURS:
            shown = plain.decode()
            if plain != lower:
                raise Refused(400, f"the header `{shown}` is spelled with an underscore; spell it with hyphens")
            if plain in found:
                raise Refused(400, f"the header `{shown}` was sent more than once; send it once")
            if plain in _NO_COMMA and b"," in value:
                raise Refused(400, f"the header `{shown}` holds a comma")
            found[plain] = value.strip()
        elif not (plain in _CREDENTIALS or plain.startswith(b"x-gatehouse-") or b"_" in lower):
            # A name with an underscore is dropped, as nginx does: in WSGI it is the same as its twin with hyphens.
            rest.append((name, value))
    return GatewayHeaders(
        proof=found.get(PROOF, b""),
        caller=found.get(CALLER, b""),
        assertion=found.get(ASSERTION, b""),
        workspace=found.get(WORKSPACE),
        rest=rest,
    )
