"""One AssumeRole for all, renewed in time; and what is said when there are no credentials."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from capture import Answer, CaptureServer
from expectations import ROLE, SECRET_KEY, TOKEN, assert_signed, assert_signed_by_role
from mlflow_gatehouse import CredentialsError, GatehouseAuth, GatehouseError, SettingsError, credentials
from mlflow_gatehouse.keys import Keys
from mlflow_gatehouse.region import signing_region
from mlflow_gatehouse.settings import Settings, read_settings
from mlflow_gatehouse.sources import RoleSource
from sts_server import StsServer


def get(server: CaptureServer) -> None:
    requests.get(server.url + "/version", auth=GatehouseAuth(), timeout=10)


def test_many_threads_and_auth_objects_assume_the_role_once(server: CaptureServer, sts: StsServer) -> None:
    sts.delay = 0.2
    with ThreadPoolExecutor(24) as pool:
        list(pool.map(lambda _: get(server), range(96)))
    assert len(server.received) == 96
    assert sts.count("AssumeRole") == 1
    for request in server.received:
        assert_signed_by_role(request)


def test_what_sts_is_asked(server: CaptureServer, sts: StsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEHOUSE_SESSION_NAME", "ada@acme.example")
    monkeypatch.setenv("GATEHOUSE_EXTERNAL_ID", "ext-1")
    monkeypatch.setenv("GATEHOUSE_DURATION_SECONDS", "900")
    get(server)
    assert len(sts.asked) == 1
    assert {
        name: sts.asked[0].get(name) for name in ("RoleArn", "RoleSessionName", "ExternalId", "DurationSeconds")
    } == {
        "RoleArn": ROLE,
        "RoleSessionName": "ada@acme.example",
        "ExternalId": "ext-1",
        "DurationSeconds": "900",
    }


def test_the_session_name_is_the_callers_own(server: CaptureServer, sts: StsServer) -> None:
    get(server)
    assert [(call["Action"], call.get("RoleSessionName")) for call in sts.asked] == [
        ("GetCallerIdentity", None),
        ("AssumeRole", "ada"),
    ]


def test_a_user_without_session_name_is_told(server: CaptureServer, sts: StsServer) -> None:
    sts.caller = "arn:aws:iam::222222222222:user/ada"
    with pytest.raises(CredentialsError, match=r"user/ada is no role session .* set GATEHOUSE_SESSION_NAME"):
        get(server)
    assert server.received == []


def test_a_session_about_to_expire_is_replaced(server: CaptureServer, sts: StsServer) -> None:
    sts.lifetime = 61.5
    get(server)
    sts.lifetime = 3600
    time.sleep(1.6)
    get(server)
    assert_signed_by_role(server.received[0], 1)
    assert_signed_by_role(server.received[1], 2)


def test_other_settings_mean_another_session(
    server: CaptureServer, sts: StsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    get(server)
    monkeypatch.setenv("GATEHOUSE_ROLE_ARN", ROLE.replace("scientist", "reader"))
    get(server)
    monkeypatch.delenv("GATEHOUSE_ROLE_ARN")
    get(server)
    assert sts.count("AssumeRole") == 2
    assert_signed(server.last())


def test_a_refusal_names_role_and_session_and_no_secret(
    server: CaptureServer, sts: StsServer, caplog: pytest.LogCaptureFixture
) -> None:
    sts.refuse = (403, "AccessDenied", f"not authorized, token {TOKEN} key {SECRET_KEY}")
    with pytest.raises(CredentialsError) as caught:
        get(server)
    text = str(caught.value)
    for part in (ROLE, "session name ada", "AccessDenied", "trust policy", "GATEHOUSE_SESSION_NAME"):
        assert part in text
    for secret in (TOKEN, SECRET_KEY):
        assert secret not in text + repr(caught.value) + caplog.text
    assert caught.value.__cause__ is None


def test_expired_own_credentials_are_named(server: CaptureServer, sts: StsServer) -> None:
    sts.refuse = (403, "ExpiredToken", "The security token included in the request is expired")
    with pytest.raises(CredentialsError, match=r"have expired \(ExpiredToken\); renew them"):
        get(server)


def test_unreachable_sts_is_named(server: CaptureServer, sts: StsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:1")
    monkeypatch.setenv("GATEHOUSE_SESSION_NAME", "ada")
    with pytest.raises(CredentialsError, match="AWS_ENDPOINT_URL_STS"):
        get(server)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
@pytest.mark.parametrize(("held", "assumed"), [(True, 1), (False, 2)])
def test_a_forked_child_goes_on_even_if_a_thread_held_the_locks(
    server: CaptureServer, sts: StsServer, held: bool, assumed: int
) -> None:
    get(server)
    source = next(iter(credentials._roles.values()))
    with credentials._lock, source._lock:
        child = os.fork()
        if child == 0:
            signal.alarm(10)
            if not held:
                source._held = (None, 0.0)
            try:
                get(server)
                os._exit(0)
            finally:
                os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert_signed_by_role(server.last(), assumed)
    assert sts.count("AssumeRole") == assumed


def test_no_credentials(server: CaptureServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    with pytest.raises(CredentialsError, match="no AWS credentials: set AWS_PROFILE"):
        get(server)
    assert server.received == []


def test_an_unknown_profile(server: CaptureServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(CredentialsError, match=r"nobody.*check AWS_PROFILE"):
        get(server)


def test_a_profile_gives_keys_and_region_and_is_read_again_once_expired(
    server: CaptureServer, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    Path(os.environ["AWS_CONFIG_FILE"]).write_text("[profile work]\nregion = eu-west-1\n")
    file = Path(os.environ["AWS_SHARED_CREDENTIALS_FILE"])
    file.write_text("[work]\naws_access_key_id = OLD\naws_secret_access_key = s\naws_session_token = t\n")
    monkeypatch.setenv("AWS_PROFILE", "work")
    server.answer = lambda request: (
        Answer.of({"message": "expired"}, 403, x_amzn_ErrorType="ExpiredTokenException:http://internal.amazon.com/")
        if "OLD" in (request.header("Authorization") or "")
        else Answer()
    )
    get(server)
    assert_signed(server.last(), ("OLD", "s", "t"))
    file.write_text(file.read_text().replace("OLD", "NEW"))
    get(server)
    assert_signed(server.last(), ("NEW", "s", "t"))
    assert "have expired; renew them" in caplog.text


def test_regions(monkeypatch: pytest.MonkeyPatch) -> None:
    def region(host: str, settings: Settings | None = None) -> str:
        return signing_region(f"https://{host}/prod", settings or Settings())[0]

    with pytest.raises(SettingsError, match=r"region of mlflow\.acme\.example is unknown: set AWS_REGION"):
        region("mlflow.acme.example")
    assert region("abc123.execute-api.ap-southeast-2.amazonaws.com") == "ap-southeast-2"
    assert region("abc123-vpce-0a1b.execute-api.eu-west-1.amazonaws.com") == "eu-west-1"
    assert region("vpce-0a1b.execute-api.eu-west-1.vpce.amazonaws.com") == "eu-west-1"
    assert region("abc123.execute-api.cn-north-1.amazonaws.com.cn") == "cn-north-1"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-west-2")
    assert region("mlflow.acme.example") == "us-west-2"
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    assert region("mlflow.acme.example") == "us-east-1"
    assert region("abc123.execute-api.eu-west-1.amazonaws.com") == "eu-west-1"
    assert region("execute-api.eu-west-1.amazonaws.com.evil.test") == "us-east-1"
    assert region("abc123.execute-api.eu-west-1.amazonaws.com", Settings(region="eu-north-1")) == "eu-north-1"


def test_all_settings_are_checked_at_once() -> None:
    wrong = {
        "GATEHOUSE_ROLE_ARN": "role/x",
        "GATEHOUSE_SESSION_NAME": "ada lovelace",
        "GATEHOUSE_DURATION_SECONDS": "7200",
    }
    with pytest.raises(SettingsError) as caught:
        read_settings(wrong)
    assert isinstance(caught.value, GatehouseError)
    for name in wrong:
        assert name in str(caught.value)


def test_nothing_secret_has_a_repr() -> None:
    keys = Keys("ASIAOWN", SECRET_KEY, TOKEN)
    settings = read_settings({"AWS_SECRET_ACCESS_KEY": SECRET_KEY, "GATEHOUSE_EXTERNAL_ID": "ext-1"})
    for secret in (SECRET_KEY, TOKEN, "ext-1"):
        assert secret not in repr(keys) + repr(settings) + repr(RoleSource(lambda: keys)) + repr(vars(GatehouseAuth()))
