"""Refusals while a process runs: counted in a row, named, and an end to them."""

import asyncio

import pytest
from aiokafka.errors import KafkaConnectionError, TopicAuthorizationFailedError
from structlog.testing import capture_logs

from events.texts import verbatim
from services.runtime.kafka import refusals
from services.runtime.kafka.refusals import REFUSALS_MAX, Refusals
from services.runtime.kafka.security import Refusal
from services.runtime.kafka.writer import WriterFailed
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.settings import Settings

LOGIN = Settings(
    kafka_security_protocol="SASL_SSL",
    kafka_sasl_mechanism="SCRAM-SHA-512",
    kafka_sasl_username="ledger",
    kafka_sasl_password="s3cret",  # type: ignore[arg-type] # pydantic makes a secret of it
)
LOST = WriterFailed("commit: no answer")


class Broker:
    """Lets us in, or refuses the login."""

    def __init__(self) -> None:
        self.refuses = True
        self.asked = 0

    async def refusal(self, _: Settings) -> Refusal | None:
        self.asked += 1
        return Refusal("there:9092", verbatim("no login")) if self.refuses else None


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    broker = Broker()
    monkeypatch.setattr(refusals, "refusal", broker.refusal)
    return broker


def times(count: int, counter: Refusals, error: Exception = LOST) -> None:
    async def go() -> None:
        for _ in range(count):
            await counter.note_failure(error)

    asyncio.run(go())


def test_the_last_of_a_row_of_refusals_stops_the_process(broker: Broker) -> None:
    counter = Refusals(LOGIN)
    with capture_logs() as log:
        times(REFUSALS_MAX - 1, counter)
        with pytest.raises(ClusterError, match="there:9092: no login"):
            times(1, counter)
    assert [("refused", number) for number in range(1, REFUSALS_MAX + 1)] == [
        (line["event"], line["count"]) for line in log
    ]
    assert REFUSALS_MAX == broker.asked


def test_a_broker_that_lets_us_in_again_begins_a_new_row(broker: Broker) -> None:
    counter = Refusals(LOGIN)
    times(REFUSALS_MAX - 1, counter)
    broker.refuses = False
    times(1, counter)
    broker.refuses = True
    times(REFUSALS_MAX - 1, counter)
    counter.note_success()
    times(REFUSALS_MAX - 1, counter)


def test_an_open_cluster_is_not_asked_who_refuses(broker: Broker) -> None:
    times(2 * REFUSALS_MAX, Refusals(Settings()), KafkaConnectionError("it stops"))
    assert 0 == broker.asked


def test_a_missing_right_behind_a_failed_transaction_is_a_refusal(broker: Broker) -> None:
    failed = WriterFailed("write: no")
    failed.__cause__ = TopicAuthorizationFailedError("ecluse.journal.v1")
    counter = Refusals(Settings(bootstrap_servers="there:9092"))
    times(REFUSALS_MAX - 1, counter, failed)
    with pytest.raises(
        ClusterError, match=r"there:9092: this principal has no right to it .*journ"
    ):
        times(1, counter, failed)
    assert 0 == broker.asked
