"""May this session make this call, and as which user of MLflow, in which workspace."""

from dataclasses import dataclass

from gatehouse_mlflow.access import RESERVED_WORKSPACES, WORKSPACE, Access, Persona
from gatehouse_mlflow.catalogue import METHODS, Catalogue, Route
from gatehouse_mlflow.identity import Session
from gatehouse_mlflow.refusal import Refused

#: Of the roles of MLflow's RBAC that are ours.
ROLE_PREFIX = "gatehouse-"


@dataclass(frozen=True, slots=True)
class Actor:
    """The user that MLflow sees for one request. `roles` are (workspace, role) of MLflow's RBAC that he must hold."""

    username: str
    is_admin: bool
    workspace: str
    roles: frozenset[tuple[str, str]]
    route: Route
    #: What the session's personas grant, as far as the declaration says.
    permissions: frozenset[str] = frozenset()
    #: Whether he is admin of the workspace (or of all of them).
    manages: bool = False
    #: Whether `roles` are all that the browser door gives the person.
    complete: bool = False


def role_name(persona: Persona) -> str:
    """The role of MLflow's RBAC that stands for a persona in one workspace."""
    return f"{ROLE_PREFIX}{persona.name}"


def code_roles(access: Access) -> frozenset[tuple[str, str]]:
    """What the sessions of the code door hold, whoever comes."""
    return frozenset(
        (workspace, role_name(access.personas[role.persona]))
        for role in access.roles.values()
        for workspace in role.workspaces
    )


def find_route(catalogue: Catalogue, method: str, path: str) -> Route:
    """The catalogue's open row for a call; what it doesn't list, or closes, nobody may call."""
    if method not in METHODS:
        raise Refused(405, f"{method} is not served; use one of {', '.join(METHODS)}")
    route = catalogue.match(method, path)
    if route is None:
        raise Refused(403, "this method and path are not in the catalogue of MLflow's routes")
    if route.needs is None:
        raise Refused(403, f"{method} {route.path} is closed to everybody")
    return route


def decide(access: Access, session: Session, route: Route, asked_workspace: bytes | None) -> Actor:
    """
    Chooses between a person's ordinary user and his platform-admin user, which crosses workspaces.

    A person who has both acts as his ordinary self wherever an ordinary persona may make the call. His admin user
    is used when he has no ordinary persona, or when the declared permissions say that only the admin persona
    grants the route: a UI session of a platform admin is a colleague's session until he administers something.
    """
    ordinary = tuple(persona for persona in session.personas if not persona.is_admin)
    admins = tuple(persona for persona in session.personas if persona.is_admin)
    if any(_grants(persona, route) for persona in ordinary):
        return _ordinary(session, ordinary, route, asked_workspace)
    if admins and (not ordinary or _says_so(admins, route)) and any(_grants(persona, route) for persona in admins):
        return _admin(access, session, admins[0], route, asked_workspace)
    names = ", ".join(f"`{persona.name}`" for persona in session.personas)
    raise Refused(
        403,
        f"{route.method} {route.path} needs `{route.needs}`, which {names} does not grant; ask for a persona that does",
    )


def _ordinary(session: Session, personas: tuple[Persona, ...], route: Route, asked: bytes | None) -> Actor:
    if not session.workspaces:
        raise Refused(
            403, f"`{session.person}` belongs to no workspace; ask the platform team to add one of your groups"
        )
    workspace = session.workspaces[0] if asked is None else asked.decode("latin-1")
    if workspace not in session.workspaces:
        own = ", ".join(f"`{name}`" for name in session.workspaces)
        raise Refused(403, f"`{session.person}` does not belong to that workspace, only to {own}; ask its admin")
    roles = frozenset((name, role_name(persona)) for name in session.workspaces for persona in personas)
    permissions, manages = _permissions(personas), _manages(personas)
    return Actor(session.person, False, workspace, roles, route, permissions, manages, session.complete)


def _admin(access: Access, session: Session, persona: Persona, route: Route, asked: bytes | None) -> Actor:
    if asked is None:
        workspace = (*session.workspaces, *access.workspaces)[0]
    else:
        workspace = asked.decode("latin-1")
        if not WORKSPACE.fullmatch(workspace) or workspace in RESERVED_WORKSPACES:
            raise Refused(403, "that is not the name of a workspace")
    # `#` can't be part of a person's name, so nobody else can be this user.
    return Actor(
        f"{session.person}#{persona.name}", True, workspace, frozenset(), route, _permissions((persona,)), True
    )


def _permissions(personas: tuple[Persona, ...]) -> frozenset[str]:
    return frozenset(permission for persona in personas for permission in persona.permissions or ())


def _manages(personas: tuple[Persona, ...]) -> bool:
    return any(persona.mlflow.get("workspace") == "MANAGE" for persona in personas)


def _grants(persona: Persona, route: Route) -> bool:
    return route.needs == "any" or persona.permissions is None or route.needs in persona.permissions


def _says_so(personas: tuple[Persona, ...], route: Route) -> bool:
    return any(persona.permissions is not None and route.needs in persona.permissions for persona in personas)
