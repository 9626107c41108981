"""Waiting for a cluster that does not answer: who is asked again, how long, what is reported."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    NodeNotReadyError,
    TopicAuthorizationFailedError,
)
from structlog.testing import capture_logs

from services.runtime.kafka import waits
from services.runtime.kafka.topic_catalogue import MISSING
from services.runtime.kafka.waits import RETRY_S, retry_until_answered, wait_within
from services.runtime.ops.errors import ClusterError, Unreachable
from tests.unit.runtime.harness import a_setting, now_s, quickly

GIVE_UP_S = 60.0


class Cluster:
    """Answers once it has failed so often."""

    def __init__(self, failures: int, error: Callable[[], Exception]) -> None:
        self.asked = 0
        self._failures = failures
        self._error = error

    async def ask(self) -> str:
        return await wait_within(5, self._answer(), "topics", "broker 2 (there:9092)")

    async def _answer(self) -> str:
        self.asked += 1
        if self.asked <= self._failures:
            raise self._error()
        return "four"


@pytest.fixture
def _nobody_refuses_us(monkeypatch: pytest.MonkeyPatch) -> None:
    async def lets_us_in(_: object) -> None:
        return None

    monkeypatch.setattr(waits, "refusal", lets_us_in)


@pytest.fixture
def _somebody_listens(_nobody_refuses_us: None, monkeypatch: pytest.MonkeyPatch) -> None:
    async def yes(_: str) -> bool:
        return True

    monkeypatch.setattr(waits, "_anybody_listens", yes)


def asked(cluster: Cluster, **more: Any) -> tuple[str, float]:
    """What came of it, and after how many seconds."""

    async def go() -> tuple[str, float]:
        since_s = now_s()
        reported = await retry_until_answered(a_setting(give_up_s=GIVE_UP_S, **more), cluster.ask)
        return reported, now_s() - since_s

    return quickly(go())


@pytest.mark.usefixtures("_somebody_listens")
@pytest.mark.parametrize(
    "error", [NodeNotReadyError, KafkaConnectionError, KafkaTimeoutError, TimeoutError]
)
def test_it_is_asked_again_and_logged_once(error: Callable[[], Exception]) -> None:
    cluster = Cluster(5, error)
    with capture_logs() as log:
        reported, took_s = asked(cluster)
    assert ("four", 6) == (reported, cluster.asked)
    assert took_s == pytest.approx(5 * RETRY_S)
    (line,) = log
    assert ("broker_unavailable", "warning", GIVE_UP_S) == (
        line["event"],
        line["log_level"],
        line["limit_s"],
    )
    assert "broker 2 (there:9092)" in line["error"]


@pytest.mark.usefixtures("_somebody_listens")
def test_in_the_end_the_broker_that_did_not_answer_is_named() -> None:
    cluster = Cluster(1000, NodeNotReadyError)
    with capture_logs() as log, pytest.raises(Unreachable, match=r"broker 2 \(there:9092\)"):
        asked(cluster)
    assert 1 == len(log)
    assert cluster.asked == pytest.approx(GIVE_UP_S / RETRY_S, abs=3)


@pytest.mark.usefixtures("_somebody_listens")
@pytest.mark.parametrize(
    "error", [TopicAuthorizationFailedError, KafkaError, lambda: ClusterError("there", MISSING)]
)
def test_what_is_refused_is_not_asked_again(error: Callable[[], Exception]) -> None:
    cluster = Cluster(1, error)
    with capture_logs() as log, pytest.raises(ClusterError):
        asked(cluster)
    assert (1, []) == (cluster.asked, log)


@pytest.fixture
def port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield int(listening.getsockname()[1])


def test_where_nobody_listens_nobody_waits() -> None:
    cluster = Cluster(1, NodeNotReadyError)
    with capture_logs() as log, pytest.raises(Unreachable):
        asked(cluster, bootstrap_servers="127.0.0.1:9,localhost:1")
    assert (1, []) == (cluster.asked, log)


@pytest.mark.usefixtures("_nobody_refuses_us")
def test_one_address_of_several_is_enough_to_wait(port: int) -> None:
    cluster = Cluster(1, NodeNotReadyError)
    settings = a_setting(bootstrap_servers=f"127.0.0.1:9,127.0.0.1:{port}")
    assert "four" == asyncio.run(retry_until_answered(settings, cluster.ask))
