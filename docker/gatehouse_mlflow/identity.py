"""Who is calling: the gateway's proof, then a caller ARN (code door) or an assertion (browser door), turned into one
session."""

import hmac
import re
from dataclasses import dataclass

from gatehouse_mlflow.access import PERSON, Access, Persona
from gatehouse_mlflow.assertion import verify_assertion
from gatehouse_mlflow.headers import GatewayHeaders
from gatehouse_mlflow.refusal import Refused

_CALLER = re.compile(r"arn:aws[-a-z]*:sts::(\d{12}):assumed-role/([\w+=.@-]{1,64})/([\w+=.@-]{2,64})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Session:
    """One person as this request presents him. What his other sessions may do is of no account here."""

    person: str
    personas: tuple[Persona, ...]
    workspaces: tuple[str, ...]
    #: Whether the directory itself spoke: then this is all that the browser door gives him.
    complete: bool = False


def check_proof(headers: GatewayHeaders, accepted: tuple[bytes, ...]) -> None:
    """Only the gateway knows a proof; two are accepted while it is being rotated."""
    if not headers.proof:
        raise Refused(401, "this server is reached through the gateway only: the request carries no proof of it")
    # Every accepted value is compared, so that the time says nothing about which of them came close.
    if not sum(hmac.compare_digest(headers.proof, value) for value in accepted):
        raise Refused(401, "this server is reached through the gateway only: the request's proof is wrong")


def read_session(headers: GatewayHeaders, access: Access, keys: tuple[bytes, ...], now: float) -> Session:
    """Exactly one door speaks for a request."""
    if bool(headers.caller) == bool(headers.assertion):
        raise Refused(401, "exactly one of the gateway's two identity headers must be filled")
    return _caller(headers.caller, access) if headers.caller else _asserted(headers.assertion, access, keys, now)


def _caller(value: bytes, access: Access) -> Session:
    found = _CALLER.fullmatch(value.decode("latin-1"))
    if not found:
        raise Refused(401, "the caller is not a session of a role; assume your persona's role in the central account")
    account, role_name, person = found.groups()
    if account != access.account:
        raise Refused(403, f"account {account} is not the central account; assume your persona's role there first")
    role = access.roles.get(role_name)
    if role is None:
        raise Refused(
            403, f"the role `{role_name}` is no persona of this registry; ask the platform team for a persona's role"
        )
    if role.service:
        # `:` can't be part of a person's name.
        return _session(f"svc:{role_name}", (access.personas[role.persona],), role.workspaces)
    if not PERSON.fullmatch(person):
        raise Refused(
            403,
            f"the session name `{person}` is not a person: 2 to 64 of a-z, 0-9 and `+=._@-`; "
            "use the name that your execution role is tagged with",
        )
    return _session(person, (access.personas[role.persona],), role.workspaces)


def _asserted(value: bytes, access: Access, keys: tuple[bytes, ...], now: float) -> Session:
    assertion = verify_assertion(value, keys, now)
    if not assertion.personas:
        raise Refused(
            403, f"`{assertion.person}` is in no group that has a persona; ask the platform team to add you to one"
        )
    unknown = [name for name in assertion.personas if name not in access.personas]
    if unknown:
        raise Refused(
            403, f"the persona `{unknown[0]}` is not known to this registry; ask the platform team to declare it"
        )
    # His teams' before everybody's: the first is where he is unless he asks for another, as at the code door.
    own = tuple(name for name, groups in access.workspaces.items() if groups & assertion.groups)
    everybodys = tuple(name for name, groups in access.workspaces.items() if not groups)
    personas = tuple(access.personas[name] for name in assertion.personas)
    return _session(assertion.person, personas, own + everybodys, complete=True)


def _session(
    person: str, personas: tuple[Persona, ...], workspaces: tuple[str, ...], *, complete: bool = False
) -> Session:
    if not workspaces and not all(persona.is_admin for persona in personas):
        raise Refused(
            403, f"`{person}` belongs to no workspace; ask the platform team to add one of your groups to one"
        )
    return Session(person, personas, workspaces, complete)
