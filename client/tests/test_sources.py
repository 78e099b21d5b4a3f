"""When a role session is renewed, on a clock of the test's own."""

import threading

import pytest

from mlflow_gatehouse import CredentialsError
from mlflow_gatehouse.keys import Keys
from mlflow_gatehouse.sources import AmbientSource, RoleSource


class Clock:
    def __init__(self) -> None:
        self.time = 1000.0

    def __call__(self) -> float:
        return self.time


class Fetch:
    """Hands out numbered keys that live for `lifetime` seconds."""

    def __init__(self, clock: Clock, lifetime: float = 3600) -> None:
        self.clock, self.lifetime, self.count, self.error = clock, lifetime, 0, None

    def __call__(self) -> Keys:
        self.count += 1
        if self.error:
            raise self.error
        return Keys(f"key{self.count}", "s", "t", self.clock.time + self.lifetime)


@pytest.mark.parametrize(("lifetime", "renewed_after"), [(3600, 2700), (900, 675), (120, 60)])
def test_when_a_session_is_renewed(lifetime: float, renewed_after: float) -> None:
    clock = Clock()
    fetch = Fetch(clock, lifetime)
    source = RoleSource(fetch, clock)
    source.keys()
    clock.time += renewed_after - 1
    assert source.keys().access_key == "key1"
    clock.time += 1
    assert source.keys().access_key == "key2"
    assert fetch.count == 2


def test_a_failed_renewal_is_tried_again_while_the_session_holds(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    fetch = Fetch(clock)
    source = RoleSource(fetch, clock)
    source.keys()
    fetch.error = CredentialsError("sts is away")
    clock.time += 2700
    for _ in range(5):
        assert source.keys().access_key == "key1"
    assert fetch.count == 2
    assert "sts is away" in caplog.text
    clock.time += 860
    with pytest.raises(CredentialsError, match="sts is away"):
        source.keys()
    fetch.error = None
    assert source.keys().access_key == "key4"


def test_others_go_on_while_one_renews() -> None:
    clock = Clock()
    inside, go_on = threading.Event(), threading.Event()

    def fetch() -> Keys:
        if inside.is_set() or clock.time > 1000:
            inside.set()
            assert go_on.wait(5)
        return Keys("key", "s", "t", clock.time + 3600)

    source = RoleSource(fetch, clock)
    source.keys()
    clock.time += 3000
    renewing = threading.Thread(target=source.keys)
    renewing.start()
    assert inside.wait(5)
    assert source.keys().expires == 4600
    go_on.set()
    renewing.join(5)
    assert source.keys().expires == 7600


def test_a_session_that_is_born_expired_is_refused() -> None:
    clock = Clock()
    with pytest.raises(CredentialsError, match="clock"):
        RoleSource(Fetch(clock, lifetime=-5), clock).keys()


def test_keys_at_hand_are_given_without_asking(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    asked: list[float] = []

    def fetch() -> Keys:
        asked.append(clock[0])
        return Keys("A", "s", "t", clock[0] + 3600)

    source = RoleSource(fetch, lambda: clock[0])
    assert source.ready_keys() is None
    assert source.keys() == source.ready_keys()
    clock[0] += 3600 - 900
    assert source.ready_keys() is None
    assert len(asked) == 1

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "B")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
    ambient = AmbientSource()
    assert ambient.ready_keys() is None
    assert ambient.keys() == ambient.ready_keys()
