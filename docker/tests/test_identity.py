"""The two doors' words about a caller, and what is wrong with forged ones."""

import base64
import time
from typing import Any

import pytest
from conftest import KEY, PROOF, arn, sign

from gatehouse_mlflow.access import Access
from gatehouse_mlflow.headers import GatewayHeaders
from gatehouse_mlflow.identity import Session, check_proof, read_session
from gatehouse_mlflow.refusal import Refused


def given(caller: str = "", assertion: str = "", proof: str = PROOF) -> GatewayHeaders:
    return GatewayHeaders(proof.encode(), caller.encode(), assertion.encode(), None, [])


def session(access: Access, **headers: str) -> Session:
    return read_session(given(**headers), access, (KEY.encode(),), time.time())


def test_proof_and_its_rotation() -> None:
    old, new = b"old-value", PROOF.encode()
    check_proof(given(), (old, new))
    check_proof(given(proof="old-value"), (old, new))
    for wrong in ("", "x", PROOF + "x", PROOF[:-1], f"{PROOF} old-value"):
        with pytest.raises(Refused) as refused:
            check_proof(given(proof=wrong), (old, new))
        assert refused.value.status == 401


def test_caller(access: Access) -> None:
    found = session(access, caller=arn("gatehouse-vision-scientist", "ada@corp.example"))
    assert (found.person, [persona.name for persona in found.personas]) == ("ada@corp.example", ["scientist"])
    assert found.workspaces == ("vision", "shared")


@pytest.mark.parametrize(
    ("caller", "status"),
    [
        ("arn:aws:iam::111122223333:user/ada", 401),
        ("arn:aws:sts::111122223333:assumed-role/gatehouse-vision-scientist", 401),
        ("arn:aws:sts::111122223333:assumed-role/x/gatehouse-vision-scientist/ada", 401),
        (" " + arn("gatehouse-vision-scientist", "ada"), 401),
        (arn("gatehouse-vision-scientist", "ada") + "\n", 401),
        (arn("gatehouse-vision-scientist", "ada#platform-admin"), 401),
        (arn("gatehouse-vision-scientist", "Ada"), 403),
        (arn("gatehouse-vision-scientist", "ada", account="999999999999"), 403),
        (arn("gatehouse-vision-unknown", "ada"), 403),
        (arn("Gatehouse-vision-scientist", "ada"), 403),
    ],
)
def test_refuses_callers(access: Access, caller: str, status: int) -> None:
    with pytest.raises(Refused) as refused:
        session(access, caller=caller)
    assert refused.value.status == status


def test_one_door_only(access: Access) -> None:
    for headers in ({}, {"caller": arn("gatehouse-vision-reader", "ada"), "assertion": sign()}):
        with pytest.raises(Refused, match="exactly one") as refused:
            session(access, **headers)
        assert refused.value.status == 401


def test_assertion_gives_workspaces_by_group(access: Access) -> None:
    assert session(access, assertion=sign()).workspaces == ("vision", "shared")
    assert session(access, assertion=sign(groups=[])).workspaces == ("shared",)
    both = session(access, assertion=sign(personas=["reader", "scientist"], groups=["team-speech", "team-vision"]))
    # Teams first, whatever the order of the settings: the first is where he is unless he asks for another.
    assert both.workspaces == ("vision", "speech", "shared")
    assert [persona.name for persona in both.personas] == ["reader", "scientist"]


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"exp": int(time.time()) - 1}, 401),
        ({"exp": int(time.time()) + 100_000}, 401),
        ({"exp": None}, 401),
        ({"exp": True}, 401),
        ({"exp": "9999999999"}, 401),
        ({"exp": time.time() + 60.5}, 401),
        ({"sub": "ada#platform-admin"}, 401),
        ({"sub": "Ada"}, 401),
        ({"sub": ["ada"]}, 401),
        ({"sub": "ada\n"}, 401),
        ({"personas": "reader"}, 401),
        ({"personas": [["reader"]]}, 401),
        ({"groups": None}, 401),
        ({"groups": ["x" * 9000]}, 403),
        ({"groups": {"team-vision": 1}}, 401),
        ({"personas": []}, 403),
        ({"personas": ["reader", "owner"]}, 403),
    ],
)
def test_refuses_claims(access: Access, claims: dict[str, Any], status: int) -> None:
    with pytest.raises(Refused) as refused:
        session(access, assertion=sign(**claims))
    assert refused.value.status == status


def test_accepts_the_key_before_while_the_authorizers_is_being_changed(access: Access) -> None:
    new = "new-key-0123456789-0123456789-0123456789"
    keys = (new.encode(), KEY.encode())
    for key in (new, KEY):
        assert read_session(given(assertion=sign(key=key)), access, keys, time.time()).person == "ada"
    for key in (f"{new} {KEY}", KEY[:-1]):
        with pytest.raises(Refused, match="signature"):
            read_session(given(assertion=sign(key=key)), access, keys, time.time())
    with pytest.raises(Refused, match="signature"):
        read_session(given(assertion=sign()), access, (new.encode(),), time.time())


def test_says_that_there_are_too_many_groups_instead_of_asking_for_another_login(access: Access) -> None:
    groups = [f"team-{number:03}-{'x' * 100}" for number in range(80)]
    with pytest.raises(Refused, match="too many groups") as refused:
        session(access, assertion=sign(groups=groups))
    assert refused.value.status == 403


def test_refuses_forged_assertions(access: Access) -> None:
    good = sign()
    payload, signature = good.split(".")
    other = base64.urlsafe_b64encode(b'{"sub":"root"}').rstrip(b"=").decode()
    list_payload = sign(key=KEY)
    for forged in (
        sign(key=KEY + "x"),
        f"{other}.{signature}",
        payload,
        f"{payload}.",
        f"{payload}.{signature}.{signature}",
        f"{payload}=.{signature}",
        good + "A",
        good[:-1],
        f".{signature}",
        "a" * 9000 + list_payload,
    ):
        with pytest.raises(Refused) as refused:
            session(access, assertion=forged)
        assert refused.value.status == 401, forged


def test_nobody_without_workspace(access: Access) -> None:
    closed = Access(access.account, access.roles, {"speech": frozenset({"team-speech"})}, access.personas)
    with pytest.raises(Refused, match="belongs to no workspace") as refused:
        session(closed, assertion=sign())
    assert refused.value.status == 403
