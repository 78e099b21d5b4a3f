"""What an administrator changes without a deployment, as MLflow's side reads it."""

import hashlib
import json

import pytest

from gatehouse_mlflow.access_policy import AccessPolicyError, PolicySource, parse_item, policy_source
from gatehouse_mlflow.refusal import Refused

SINCE = "2026-01-31T12:00:00Z"


def item(version: int = 1, **document: object) -> dict[str, object]:
    text = json.dumps({"version": 1, **document})
    return {"version": version, "digest": hashlib.sha256(text.encode()).hexdigest(), "document": text}


class Table:
    """A source on a clock of the test, without its thread."""

    def __init__(self, first: object):
        self.answer = first
        self.now = 1000.0
        self.source = PolicySource(self.fetch, stale_seconds=900, clock=lambda: self.now)
        self.source._start = lambda: None  # type: ignore[method-assign]
        self.source.refresh()

    def fetch(self) -> dict[str, object] | None:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer  # type: ignore[return-value]

    def then(self, answer: object, seconds: float = 30) -> "Table":
        self.answer = answer
        self.now += seconds
        self.source.refresh()
        return self


def test_takes_permissions_and_shuts_persons_out():
    policy = parse_item(
        item(mayNot={"scientist": ["run:delete"]}, revoked={"eve@acme.example": "2026-01-01T00:00:00Z"})
    )
    assert policy.narrow("scientist", "run:delete")
    assert not policy.narrow("scientist", "run:read")
    assert not policy.narrow("reader", "run:delete")
    assert policy.revoked("eve@acme.example")
    assert not policy.revoked("ada@acme.example")


@pytest.mark.parametrize(
    "bad",
    [
        {},
        {**item(), "digest": "0" * 64},
        {**item(), "version": 0},
        {**item(), "version": True},
        item(may={"reader": ["run:delete"]}),
        item(mayNot={"reader": "run:delete"}),
        item(mayNot={"reader": ["everything"]}),
        item(mayNot=[]),
        item(revoked={"Not A Person": SINCE}),
        item(revoked={"eve": "yesterday"}),
        item(groups={"reader": ["no group"]}),
        item(revoked=["ada"]),
        {"version": 1, "digest": hashlib.sha256(b"[]").hexdigest(), "document": "[]"},
        {"version": 1, "digest": hashlib.sha256(b"{").hexdigest(), "document": "{"},
    ],
)
def test_refuses_an_item_that_is_not_whole(bad: dict[str, object]):
    with pytest.raises(AccessPolicyError):
        parse_item(bad)


def test_no_item_means_the_deployed_settings():
    policy = Table(None).source.current()
    assert (policy.version, policy.narrow("reader", "run:read"), policy.revoked("ada")) == (0, False, False)


def test_keeps_the_last_good_copy_for_a_while_and_then_lets_nobody_in():
    table = Table(item(3, revoked={"eve": SINCE}))
    table.then(ConnectionError())
    assert table.source.current().revoked("eve")
    table.then({**item(4), "digest": "tampered"}, 840)
    assert table.source.current().version == 3
    table.then(ConnectionError(), 60)
    with pytest.raises(Refused) as refused:
        table.source.current()
    assert refused.value.status == 503
    table.then(item(4))
    assert not table.source.current().revoked("eve")


@pytest.mark.parametrize("older", [item(2), None])
def test_never_goes_back_to_an_older_version(older: object):
    table = Table(item(3, revoked={"eve": SINCE})).then(older)
    assert table.source.current().revoked("eve")


def test_lets_nobody_in_before_the_first_good_answer():
    with pytest.raises(Refused):
        Table(ConnectionError()).source.current()


def test_reads_by_itself_again_and_again():
    answers = iter([item(1)])
    source = PolicySource(lambda: next(answers, item(2)), cache_seconds=0.01)
    assert source.current().version in (1, 2)
    for _ in range(500):
        if source.current().version == 2:
            return
        source._tried.clear()
        source._tried.wait(1)
    pytest.fail("the item was not read again")


def test_without_a_table_nothing_is_read():
    assert policy_source({}).current().version == 0


@pytest.mark.parametrize("stale", ["", "-1", "soon", "10"])
def test_refuses_a_bad_limit(stale: str):
    with pytest.raises(ValueError, match="GATEHOUSE_ACCESS_STALE_SECONDS"):
        policy_source({"GATEHOUSE_ACCESS_TABLE": "t", "GATEHOUSE_ACCESS_STALE_SECONDS": stale})
