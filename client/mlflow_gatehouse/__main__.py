"""`python -m mlflow_gatehouse doctor`."""

import argparse
import sys

from mlflow_gatehouse.doctor import doctor


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m mlflow_gatehouse",
        description="The caller's side of Gatehouse.",
    )
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser(
        "doctor",
        help="say which identity, role, region and tracking URI would be used, and try GET /version",
        epilog="exit codes: 0 it works, 1 refused or unreachable, 2 settings",
    )
    check.add_argument("--timeout", type=float, default=30.0, help="seconds to wait for the registry (30)")
    return doctor(print, parser.parse_args(arguments).timeout)


if __name__ == "__main__":
    sys.exit(main())
