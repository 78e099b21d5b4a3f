"""The container's environment: all problems at once, no secret in a sentence, MLflow started as the gate needs it."""

import configparser
import json
from typing import Any

import pytest
from conftest import KEY, PROOF, SETTING

from gatehouse_mlflow.environment import auth_configuration, plan_server
from gatehouse_mlflow.settings import SettingsError, gate_settings


def environ(**changes: str | None) -> dict[str, str]:
    complete: dict[str, str | None] = {
        "PATH": "/bin",
        "GATEHOUSE_ACCESS": json.dumps(SETTING),
        "GATEHOUSE_PROOF": PROOF,
        "GATEHOUSE_ASSERTION_KEY": KEY,
        "GATEHOUSE_DATABASE": "postgresql+psycopg://mlflow@db.internal:5432/mlflow?sslmode=verify-full",
        "GATEHOUSE_ARTIFACTS": "s3://artifacts/",
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "f" * 40,
        "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY": "A" * 43 + "=",
        "MLFLOW_CRYPTO_KEK_PASSPHRASE": "c" * 40,
    }
    return {name: value for name, value in (complete | changes).items() if value is not None}


def problems(**changes: str | None) -> str:
    with pytest.raises(SettingsError) as error:
        plan_server(environ(**changes))
    return str(error.value)


def test_plan() -> None:
    plan = plan_server(environ(GATEHOUSE_WORKERS="2", MLFLOW_SERVER_ALLOWED_HOSTS="mlflow.internal"))
    assert plan.arguments[:4] == ("server", "--app-name=gatehouse", "--enable-workspaces", "--serve-artifacts")
    assert {"--artifacts-destination=s3://artifacts/", "--port=5000", "--workers=2"} <= set(plan.arguments)
    assert plan.environ["MLFLOW_BASIC_AUTH_FAIL_CLOSED"] == "true"
    assert plan.environ["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"
    assert plan.environ["MLFLOW_SERVER_ALLOWED_HOSTS"] == "mlflow.internal"
    assert plan.environ["PATH"] == "/bin"
    assert not any("mlflow@db.internal" in argument for argument in plan.arguments)


def test_mlflow_is_told_the_new_key_alone() -> None:
    new, old = "n" * 40, "c" * 40
    fernet, before = "B" * 43 + "=", "A" * 43 + "="
    plan = plan_server(
        environ(
            MLFLOW_CRYPTO_KEK_PASSPHRASE=f"{new} {old}",
            MLFLOW_CRYPTO_KEK_VERSION="2",
            MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY=f"{fernet} {before}",
        )
    )
    assert plan.environ["MLFLOW_CRYPTO_KEK_PASSPHRASE"] == new
    assert plan.environ["MLFLOW_CRYPTO_KEK_VERSION"] == "2"
    assert plan.environ["MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY"] == fernet
    assert (plan.keys.passphrase_before, plan.keys.fernet_before) == (old, before)
    assert old not in repr(plan.keys)
    assert new not in repr(plan.keys)


def test_fail_closed_is_not_negotiable() -> None:
    plan = plan_server(environ(MLFLOW_BASIC_AUTH_FAIL_CLOSED="false", MLFLOW_ENABLE_AI_GATEWAY="true"))
    assert plan.environ["MLFLOW_BASIC_AUTH_FAIL_CLOSED"] == "true"
    assert plan.environ["MLFLOW_ENABLE_AI_GATEWAY"] == "true"


def test_all_problems_at_once() -> None:
    with pytest.raises(SettingsError) as error:
        plan_server({})
    for name in (
        "GATEHOUSE_ACCESS",
        "GATEHOUSE_PROOF",
        "GATEHOUSE_ASSERTION_KEY",
        "GATEHOUSE_DATABASE",
        "GATEHOUSE_ARTIFACTS",
        "MLFLOW_FLASK_SERVER_SECRET_KEY",
        "MLFLOW_CRYPTO_KEK_PASSPHRASE",
        "MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY",
    ):
        assert name in str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GATEHOUSE_PROOF", "short"),
        ("GATEHOUSE_PROOF", f"{PROOF} {PROOF} {PROOF}"),
        ("GATEHOUSE_PROOF", f"{PROOF},{PROOF}"),
        ("GATEHOUSE_PROOF", f"{PROOF}  {PROOF}"),
        ("GATEHOUSE_ASSERTION_KEY", "short"),
        ("GATEHOUSE_ASSERTION_KEY", f"{KEY} short"),
        ("GATEHOUSE_ASSERTION_KEY", f"{KEY} {KEY} {KEY}"),
        ("MLFLOW_CRYPTO_KEK_PASSPHRASE", "c" * 40 + " short"),
        ("MLFLOW_CRYPTO_KEK_PASSPHRASE", " ".join(["c" * 40] * 3)),
        ("MLFLOW_CRYPTO_KEK_VERSION", "0"),
        ("MLFLOW_CRYPTO_KEK_VERSION", "two"),
        ("MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY", "A" * 43 + "=  " + "A" * 43 + "="),
        ("MLFLOW_FLASK_SERVER_SECRET_KEY", "short"),
        ("MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY", "c2hvcnQ="),
        ("MLFLOW_WEBHOOK_SECRET_ENCRYPTION_KEY", "A" * 42 + "!="),
        ("GATEHOUSE_DATABASE", "mysql://db"),
        ("GATEHOUSE_DATABASE_SECRET_ARN", "arn:aws:s3:::bucket"),
        ("GATEHOUSE_ARTIFACTS", "relative/path"),
        ("GATEHOUSE_PORT", "0"),
        ("GATEHOUSE_PORT", "70000"),
        ("GATEHOUSE_WORKERS", "two"),
        ("MLFLOW_STATIC_PREFIX", "/prod"),
        ("MLFLOW_WORKSPACE", "vision"),
        ("MLFLOW_GUNICORN_OPTS", "--timeout 1"),
        ("MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE", "true"),
    ],
)
def test_each_problem_names_its_setting_and_no_secret(name: str, value: str) -> None:
    text = problems(**{name: value})
    assert name in text
    assert text.count("\n") == 1
    if "SECRET" in name or "PROOF" in name or "KEY" in name:
        assert value not in text


def test_password_and_secret_exclude_each_other() -> None:
    arn = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:rds!cluster-x"
    url = "postgresql+psycopg://mlflow:hunter2@db.internal/mlflow"
    text = problems(GATEHOUSE_DATABASE=url, GATEHOUSE_DATABASE_SECRET_ARN=arn)
    assert "no password" in text
    assert "hunter2" not in text
    assert plan_server(environ(GATEHOUSE_DATABASE=url)).database == url


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (("account",), 111122223333, "12 digits"),
        (("roles", "r"), {"persona": "owner", "workspaces": ["vision"]}, "roles.r.persona"),
        (("roles", "r"), {"persona": "reader", "workspaces": ["nowhere"]}, "roles.r.workspaces"),
        (("roles", "a/b"), {"persona": "reader", "workspaces": ["vision"]}, "not the name of an IAM role"),
        (("workspaces", "api"), None, "reserved"),
        (("workspaces", "Vision"), None, "workspaces.Vision"),
        (("workspaces", "vision"), "team-vision", "workspaces.vision"),
        (("personas", "reader", "isAdmin"), "no", "isAdmin"),
        (("personas", "reader", "mlflow"), ["experiment"], "mlflow"),
        (("personas", "reader", "permissions"), ["everything"], "permissions"),
        (("personas",), {}, "personas is empty"),
    ],
)
def test_access_is_checked(path: tuple[str, ...], value: Any, said: str) -> None:
    setting = json.loads(json.dumps(SETTING))
    target = setting
    for name in path[:-1]:
        target = target[name]
    target[path[-1]] = value
    assert said in problems(GATEHOUSE_ACCESS=json.dumps(setting))


def test_access_must_be_an_object() -> None:
    assert "not JSON" in problems(GATEHOUSE_ACCESS="{")
    assert "JSON object" in problems(GATEHOUSE_ACCESS="[]")


def test_rotation_and_repr() -> None:
    settings = gate_settings(environ(GATEHOUSE_PROOF=f"{PROOF} {PROOF}2"))
    assert settings.proofs == (PROOF.encode(), f"{PROOF}2".encode())
    assert PROOF not in repr(settings)
    assert KEY not in repr(settings)


def test_auth_configuration_survives_its_parser() -> None:
    parser = configparser.ConfigParser()
    url = "postgresql+psycopg://user:p%40ss@host/mlflow"
    parser.read_string(auth_configuration(url))
    assert parser["mlflow"]["database_uri"] == url
    assert parser["mlflow"]["default_permission"] == "NO_PERMISSIONS"
    assert parser["mlflow"]["admin_username"] == "gatehouse#bootstrap"
