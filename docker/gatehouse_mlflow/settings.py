"""What the gate reads from the environment of the container; every problem is said at once, and no secret's value is
ever in a sentence."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gatehouse_mlflow.access import Access, Problems, read_access

_MIN_SECRET = 32


class SettingsError(Exception):
    """The environment can't be served with."""

    def __init__(self, problems: list[str]):
        super().__init__("the environment is not complete:\n" + "\n".join(f"  - {problem}" for problem in problems))


@dataclass(frozen=True, slots=True)
class GateSettings:
    """Checked settings of the gate."""

    access: Access
    proofs: tuple[bytes, ...] = field(repr=False)
    assertion_keys: tuple[bytes, ...] = field(repr=False)
    cross_origins: str = ""


def gate_settings(environ: Mapping[str, str]) -> GateSettings:
    """Reads the settings in a worker, where `gatehouse-mlflow` has checked them already."""
    problems = Problems()
    settings = read_gate_settings(environ, problems)
    if settings is None:
        raise SettingsError(problems)
    return settings


def read_gate_settings(environ: Mapping[str, str], problems: Problems) -> GateSettings | None:
    """None, and sentences in `problems`, when something is missing or wrong."""
    before = len(problems)
    access = (
        read_access(environ["GATEHOUSE_ACCESS"], problems) if _given(environ, "GATEHOUSE_ACCESS", problems) else None
    )
    proofs = environ.get("GATEHOUSE_PROOF", "").split(" ")
    if _given(environ, "GATEHOUSE_PROOF", problems):
        problems.expect(
            len(proofs) <= 2 and all(_secret(proof) and "," not in proof for proof in proofs),
            f"GATEHOUSE_PROOF must be one or two values of {_MIN_SECRET} or more printable characters without comma, "
            "with one space between them",
        )
    keys = environ.get("GATEHOUSE_ASSERTION_KEY", "").split(" ")
    if _given(environ, "GATEHOUSE_ASSERTION_KEY", problems):
        problems.expect(
            len(keys) <= 2 and all(_secret(key) for key in keys),
            f"GATEHOUSE_ASSERTION_KEY must be one or two values of {_MIN_SECRET} or more printable characters, with "
            "one space between them",
        )
    if access is None or len(problems) > before:
        return None
    origins = environ.get("MLFLOW_SERVER_CORS_ALLOWED_ORIGINS", "")
    return GateSettings(access, _encoded(proofs), _encoded(keys), origins)


def _given(environ: Mapping[str, str], name: str, problems: Problems) -> bool:
    return problems.expect(bool(environ.get(name)), f"{name} is not set")


def _encoded(values: list[str]) -> tuple[bytes, ...]:
    return tuple(value.encode() for value in values)


def _secret(value: str) -> bool:
    return len(value) >= _MIN_SECRET and value.isascii() and value.isprintable()
