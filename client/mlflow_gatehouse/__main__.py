"""`python -m mlflow_gatehouse doctor`, and what Jupyter and AWS's tools start."""

import argparse
import sys
from pathlib import Path

from mlflow_gatehouse.environment import configure
from mlflow_gatehouse.errors import GatehouseError, SettingsError


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m mlflow_gatehouse",
        description="The caller's side of Gatehouse.",
        epilog="exit codes: 0 it works, 1 refused or unreachable, 2 settings",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser(
        "doctor",
        help="say which identity, role, region and tracking URI would be used, and try GET /version",
        epilog="exit codes: 0 it works, 1 refused or unreachable, 2 settings",
    )
    check.add_argument("--timeout", type=float, default=30.0, help="seconds to wait for the registry (30)")
    proxy = commands.add_parser("proxy", help="MLflow's UI for this user, on a Unix socket; Jupyter starts it")
    proxy.add_argument("--socket", type=Path, required=True, help="path of the socket, in a folder of yours alone")
    commands.add_parser("credentials", help="keys of the persona role as JSON, for credential_process in AWS profiles")
    studio = commands.add_parser("studio", help="set this JupyterLab space up; the lifecycle configuration calls it")
    studio.add_argument("--parameters", required=True, help="prefix of the parameters that hold profiles' settings")
    given = parser.parse_args(arguments)
    try:
        if given.command != "studio":
            configure()
        return _run(given)
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    except GatehouseError as error:
        print(error, file=sys.stderr)
        return 1


def _run(given: argparse.Namespace) -> int:
    # Each imports what it needs: neither boto3's helper nor the doctor waits for a web server.
    if given.command == "proxy":
        from mlflow_gatehouse.proxy.serve import serve

        serve(given.socket)
        return 0
    if given.command == "credentials":
        from mlflow_gatehouse.process import credential_process

        print(credential_process())
        return 0
    if given.command == "studio":
        from mlflow_gatehouse.studio import set_up

        for file in set_up(given.parameters):
            print(f"wrote {file}")
        return 0
    from mlflow_gatehouse.doctor import doctor

    return doctor(print, given.timeout)


if __name__ == "__main__":
    sys.exit(main())
