"""Nobody names himself: every spelling of the gateway's headers that a client could add is refused or dropped."""

import pytest

from gatehouse_mlflow.headers import read_headers
from gatehouse_mlflow.refusal import Refused

GOOD = [(b"x-gatehouse-proof", b"p"), (b"x-gatehouse-caller", b"c"), (b"x-gatehouse-assertion", b"")]


def test_reads_and_strips() -> None:
    headers = read_headers(
        [
            *GOOD,
            (b"X-MLflow-Workspace", b"vision"),
            (b"authorization", b"Basic abc"),
            (b"x-mlflow-authorization", b"Basic abc"),
            (b"x-gatehouse-person", b"root"),
            (b"x_other", b"1"),
            (b"content-type", b"application/json"),
        ]
    )
    assert (headers.proof, headers.caller, headers.assertion, headers.workspace) == (b"p", b"c", b"", b"vision")
    assert headers.rest == [(b"content-type", b"application/json")]


def test_absent_is_empty() -> None:
    headers = read_headers([])
    assert (headers.proof, headers.caller, headers.assertion, headers.workspace) == (b"", b"", b"", None)


@pytest.mark.parametrize(
    "name",
    [
        b"x_gatehouse_proof",
        b"X-Gatehouse_Caller",
        b"x_gatehouse-assertion",
        b"X_MLFLOW_WORKSPACE",
        b"x-mlflow_workspace",
        b"X_Gatehouse_Proof",
    ],
)
@pytest.mark.parametrize("before", [True, False])
def test_refuses_twins(name: bytes, before: bool) -> None:
    twin = [(name, b"root")]
    with pytest.raises(Refused, match="underscore") as refused:
        read_headers([*twin, *GOOD] if before else [*GOOD, *twin])
    assert refused.value.status == 400


@pytest.mark.parametrize(
    "name", [b"x-gatehouse-proof", b"X-GATEHOUSE-CALLER", b"x-gatehouse-assertion", b"x-mlflow-workspace"]
)
def test_refuses_repetitions(name: bytes) -> None:
    with pytest.raises(Refused, match="more than once"):
        read_headers([(name, b"a"), (name.lower(), b"a")])


@pytest.mark.parametrize("name", [b"x-gatehouse-proof", b"x-gatehouse-caller"])
def test_refuses_lists(name: bytes) -> None:
    with pytest.raises(Refused, match="comma"):
        read_headers([(name, b"a,b")])
