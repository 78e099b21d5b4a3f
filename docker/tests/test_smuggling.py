"""Requests that try to say who is calling, made by the thousand from a fixed seed: whatever is sent, what reaches
MLflow is the gateway's word or nothing."""

import random
from typing import Any

import pytest
from conftest import KEY, PROOF, access_of, arn, sign
from test_gate import ROWS, AnyUsers, Recorder, answers

from gatehouse_mlflow.canonical import non_canonical_reason
from gatehouse_mlflow.catalogue import parse_catalogue
from gatehouse_mlflow.gate import Gate
from gatehouse_mlflow.headers import read_headers
from gatehouse_mlflow.refusal import Refused
from gatehouse_mlflow.settings import GateSettings

OURS = ("x-gatehouse-proof", "x-gatehouse-caller", "x-gatehouse-assertion", "x-mlflow-workspace")
CREDENTIALS = ("authorization", "x-mlflow-authorization", "proxy-authorization")
CALLER = arn("gatehouse-vision-reader", "ada")
FORGED = arn("gatehouse-central-platform-admin", "eve")
VALUES = (FORGED, sign(sub="eve"), PROOF, "speech", "", " ", f"{CALLER},{FORGED}", "Basic ZXZlOmV2ZQ==")
PATHS = (
    *("/version",) * 12,
    "//version",
    "/version/",
    "/%76ersion",
    "/./version",
    "/x/../version",
    "/version%2f",
    "/a/b",
    "/a/b%2Fc",
)


def spelled(chance: random.Random, name: str) -> bytes:
    """The name in any case, with hyphens or underscores, sometimes with something before or after it."""
    text = "".join(chance.choice((each, each.upper())) for each in name)
    text = "".join("_" if each == "-" and chance.random() < 0.3 else each for each in text)
    return (chance.choice(("",) * 8 + ("x-", "_")) + text + chance.choice(("",) * 8 + ("-", "_", "-id"))).encode()


def smuggled(chance: random.Random) -> list[tuple[bytes, bytes]]:
    names = [
        chance.choice((*OURS, *CREDENTIALS, "x-gatehouse-person", "content-type")) for _ in range(chance.randint(1, 3))
    ]
    return [(spelled(chance, name), chance.choice(VALUES).encode()) for name in names]


@pytest.mark.parametrize("seed", range(20))
def test_nothing_added_changes_who_calls(seed: int) -> None:
    chance = random.Random(seed)
    recorder = Recorder()
    settings = GateSettings(access_of(), (PROOF.encode(),), (KEY.encode(),), "https://ui.example")
    gate = Gate(recorder, settings, parse_catalogue(ROWS), AnyUsers())
    good = [(b"x-gatehouse-proof", PROOF.encode()), (b"x-gatehouse-caller", CALLER.encode())]
    passed = refused = 0
    for _ in range(250):
        headers = [*good, *smuggled(chance)]
        chance.shuffle(headers)
        path = chance.choice(PATHS)
        recorder.seen.clear()
        status = answers(gate, path, headers)[0]["status"]
        if status != 200:
            assert recorder.seen == []
            refused += 1
            continue
        passed += 1
        assert non_canonical_reason(path.encode()) is None
        (_, reached, actor), *more = recorder.seen
        assert not more
        assert (actor.username, actor.is_admin, actor.workspace) == ("ada", False, "vision")
        assert reached.pop("x-mlflow-workspace") == "vision"
        for name in reached:
            plain = name.lower().replace("_", "-")
            assert plain not in (*OURS, *CREDENTIALS), name
            assert not plain.startswith("x-gatehouse-"), name
            assert "_" not in name
    assert passed > 10
    assert refused > 50


@pytest.mark.parametrize("seed", range(10))
def test_without_the_proof_nothing_helps(seed: int) -> None:
    chance = random.Random(1000 + seed)
    recorder = Recorder()
    settings = GateSettings(access_of(), (PROOF.encode(),), (KEY.encode(),), "https://ui.example")
    gate = Gate(recorder, settings, parse_catalogue(ROWS), AnyUsers())
    for _ in range(200):
        headers = [(name, value.replace(PROOF.encode(), b"guess")) for name, value in smuggled(chance)]
        assert answers(gate, chance.choice(PATHS), headers)[0]["status"] in (400, 401, 403)
    assert recorder.seen == []


@pytest.mark.parametrize("seed", range(10))
def test_readings_agree(seed: int) -> None:
    """What is kept of a request holds at most one reading of each name, as WSGI merges them."""
    chance = random.Random(2000 + seed)
    for _ in range(500):
        headers: list[tuple[bytes, bytes]] = smuggled(chance) + smuggled(chance)
        try:
            found: Any = read_headers(headers)
        except Refused:
            continue
        sent = [value.strip() for name, value in headers if name.lower() == b"x-gatehouse-caller"]
        assert found.caller == (sent[0] if sent else b"")
        assert len(sent) <= 1
        environ = {name.decode().upper().replace("-", "_") for name, _ in found.rest}
        assert not environ & {name.upper().replace("-", "_") for name in (*OURS, *CREDENTIALS)}
