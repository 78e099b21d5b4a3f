"""`python -m mlflow_gatehouse doctor`."""

import subprocess
import sys

import pytest

from capture import Answer, CaptureServer
from expectations import ROLE, SECRET_KEY, TOKEN, assert_signed_by_role
from mlflow_gatehouse.__main__ import main
from sts_server import StsServer


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):
    def doctor() -> tuple[int, str]:
        code = main(["doctor", "--timeout", "5"])
        output = capsys.readouterr().out
        for secret in (SECRET_KEY, TOKEN, "role-secret", "role-token"):
            assert secret not in output
        return code, output

    return doctor


def test_everything_works(server: CaptureServer, sts: StsServer, run) -> None:
    server.answer = lambda _: Answer(200, b"3.17.2")
    code, output = run()
    assert code == 0, output
    for part in (server.url, "eu-west-1 (from AWS_REGION)", sts.caller, ROLE, "MLflow 3.17.2"):
        assert part in output
    assert server.last().target == "/version"
    assert_signed_by_role(server.last())


def test_as_a_command(server: CaptureServer, own_keys: None) -> None:
    server.answer = lambda _: Answer(200, b"3.17.2")
    command = [sys.executable, "-m", "mlflow_gatehouse", "doctor"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "identity       unknown" in done.stdout or "identity       arn:" in done.stdout


@pytest.fixture(autouse=True)
def no_way_to_aws(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")


def test_the_gateway_refuses(server: CaptureServer, sts: StsServer, run) -> None:
    server.answer = lambda _: Answer.of({"message": "not authorized to perform: execute-api:Invoke"}, 403)
    code, output = run()
    assert code == 1
    assert "403: " in output
    assert "execute-api:Invoke" in output


def test_the_server_is_away(server: CaptureServer, own_keys: None, run) -> None:
    server.close()
    code, output = run()
    assert code == 1
    assert "can't be reached" in output


def test_the_role_is_refused(server: CaptureServer, sts: StsServer, run) -> None:
    sts.refuse = (403, "AccessDenied", "no")
    code, output = run()
    assert code == 1
    assert f"can't assume {ROLE}" in output


def test_no_tracking_uri(own_keys: None, run) -> None:
    code, output = run()
    assert code == 2
    assert "set MLFLOW_TRACKING_URI" in output


def test_overruled_by_mlflows_own_signer(
    server: CaptureServer, own_keys: None, run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_AWS_SIGV4", "true")
    code, output = run()
    assert code == 2
    assert "unset it" in output


def test_not_chosen(server: CaptureServer, own_keys: None, run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_AUTH")
    code, output = run()
    assert code == 2
    assert "set MLFLOW_TRACKING_AUTH=gatehouse" in output
