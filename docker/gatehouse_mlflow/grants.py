"""The user of the database that MLflow is, where tokens of IAM log in: made, and made the owner of MLflow's tables."""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from gatehouse_mlflow.database import DatabaseSecret, managed_secret

# Owns the tables, so that neither the administrator (by password) nor MLflow (by token) depends on the other's user.
# Nobody logs in as it. The administrator must not be a member of MLflow's own user: whoever belongs to `rds_iam`, also
# through another role, can't log in by password any more.
OWNER = "gatehouse_owner"
_IAM = "rds_iam"
_KINDS = {"r": "TABLE", "p": "TABLE", "S": "SEQUENCE", "v": "VIEW", "m": "MATERIALIZED VIEW"}
# Sequences of columns go with their tables.
_FOREIGN = """
    select c.relkind::text, c.relname from pg_class c
    join pg_namespace n on n.oid = c.relnamespace join pg_roles o on o.oid = c.relowner
    where n.nspname = 'public' and o.rolname = current_user and c.relkind = any(%s)
    and not exists (select from pg_depend d where d.objid = c.oid and d.deptype in ('a', 'i', 'e'))
"""


def grant(url: str, secret_arn: str) -> None:
    """Lets the URL's user log in by token. Done again, it changes nothing. Logs in as the administrator of RDS."""
    import psycopg

    secret = managed_secret(secret_arn)
    with psycopg.connect(**_parameters(url), **_login(secret), autocommit=True) as connection:
        prepare_user(connection, urlsplit(url).username or "")


def prepare_user(connection: Any, user: str) -> None:
    """Roles, rights on the schema and ownership, with an administrator's connection in autocommit."""
    from psycopg import sql

    def run(statement: str, *names: str) -> None:
        connection.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))

    def exists(role: str) -> bool:
        return connection.execute("select from pg_roles where rolname = %s", (role,)).fetchone() is not None

    if not exists(_IAM):
        raise ValueError(
            f"the database has no role {_IAM}: IAM authentication is off for the cluster "
            "(iamDatabaseAuthenticationEnabled), or this is no database of RDS"
        )
    administrator = connection.execute("select current_user").fetchone()[0]
    if not exists(OWNER):
        run("create role {} nologin", OWNER)
    run("grant {} to {}", OWNER, administrator)
    run("grant usage, create on schema public to {}", OWNER)
    if not exists(user):
        run("create role {} login", user)
    # Statements of a session run as the owner from the first one: what a migration makes is the owner's.
    run("grant {} to {}", OWNER, user)
    run("alter role {} set role = {}", user, OWNER)
    for kind, name in connection.execute(_FOREIGN, (list(_KINDS),)).fetchall():
        run(f"alter {_KINDS[kind]} public.{{}} owner to {{}}", name, OWNER)
    run("grant {} to {}", _IAM, user)


def _login(secret: DatabaseSecret) -> dict[str, str]:
    user, password = secret.current()
    return {"user": user, "password": password}


def _parameters(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    return {
        "host": parts.hostname,
        "port": parts.port or 5432,
        "dbname": unquote(parts.path.lstrip("/")),
        **dict(parse_qsl(parts.query)),
    }
