"""The checks of a run can fail, and its plan holds what it must."""

import asyncio
import json
import time
from collections import Counter
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

import pytest

from events.codec import EVENT_BYTES_MAX
from tests.kafka.faults.__main__ import parsed
from tests.kafka.faults.excuses import AFTER_S, Excuses
from tests.kafka.faults.feeder import Feeder
from tests.kafka.faults.observer import Silences
from tests.kafka.faults.plan import FAULTS, Fault, Figures, Moment, Plan
from tests.kafka.faults.report import table
from tests.kafka.faults.traffic import Traffic
from tests.kafka.faults.workers import UNSAID, End, Log
from tests.simulation.cases import Chunk, How, Sending, home_of

FENCED: Final = "worker_fenced ledger-events-1"
LOST: Final = "worker_cannot_go_on Kafka: no answer in 20 s"


def test_the_folder_of_a_run_is_absolute() -> None:
    assert parsed(["--folder", "build/faults"]).folder.is_absolute()


@pytest.mark.parametrize(
    ("code", "why", "at_s", "is_accepted"),
    [
        (-9, "killed", 0, True),
        (0, "stopped", 0, True),
        (-15, "stopped", 0, False),
        (0, "killed", 0, False),
        (3, LOST, 99, False),
        (3, LOST, 100, True),
        (3, LOST, 110 + AFTER_S, True),
        (3, LOST, 111 + AFTER_S, False),
        (3, FENCED, 100, False),
        (3, "worker_gave_up commit: no answer in 5 s", 100, False),
        (3, "silent", 100, False),
        (-15, LOST, 100, True),
        (-15, LOST, 9, False),
        (-15, "silent", 100, False),
        (1, LOST, 100, False),
        (70, "stalled", 100, False),
    ],
)
def test_a_worker_ends_by_itself_only_with_a_reason(
    code: int, why: str, at_s: float, is_accepted: bool
) -> None:
    excuses = Excuses()
    excuses.away_s = [(100, 110)]
    assert is_accepted == excuses.accept(End("a", code, why, at_s))


def test_a_reason_holds_from_the_beginning_of_what_is_done() -> None:
    excuses = Excuses()
    assert not excuses.accept(End("a", 3, LOST, time.monotonic()))
    with excuses.broker_is_away():
        assert excuses.accept(End("a", 3, LOST, time.monotonic()))
    assert excuses.accept(End("a", 3, LOST, time.monotonic()))


def test_one_broker_of_three_is_no_reason_to_end() -> None:
    excuses = Excuses(brokers=3)
    with excuses.broker_is_away():
        assert not excuses.accept(End("a", 3, LOST, time.monotonic()))
        assert not excuses.accept(End("a", 3, FENCED, time.monotonic()))


@pytest.mark.parametrize(
    ("line", "is_suspect"),
    [
        ({"event": "partition_opened", "level": "info"}, False),
        ({"event": "partition_retried", "level": "warning"}, False),
        ({"event": "library_log", "level": "error", "message": "Heartbeat failed"}, False),
        ({"event": "worker_fenced", "level": "critical"}, False),
        ({"event": "library_log", "level": "error", "message": "was never retrieved"}, True),
        (
            {"event": "library_log", "level": "error", "message": "Unexpected error in sender"},
            True,
        ),
        *(
            ({"event": "library_log", "level": "error", "exception": f"Traceback {text}"}, False)
            for text in UNSAID
        ),
        ({"event": "partition_retried", "level": "warning", "error": "Unexpected error"}, False),
        ({"event": "record_failed", "level": "critical"}, True),
        ({"event": "task_failed", "level": "error"}, True),
        ({"event": "state_rebuilt", "level": "warning"}, True),
        ({"event": "records_given_up", "level": "warning"}, True),
        ("Traceback (most recent call last):", True),
        ("x.py:1: ResourceWarning: Unclosed AIOKafkaConsumer", True),
        ("Stopped: Kafka: no answer in 20 s", False),
    ],
)
def test_what_no_worker_may_say_is_noticed(
    tmp_path: Path, line: dict[str, str] | str, is_suspect: bool
) -> None:
    log = Log(tmp_path / "worker.log")
    text = line if isinstance(line, str) else json.dumps(line)
    log.path.write_text(text + "\nnot yet whole, Traceback", encoding="utf-8")
    log.read()
    log.read()
    assert [text] * is_suspect == log.suspect


def test_a_plan_holds_what_a_run_must_do() -> None:
    for seed in range(20):
        counted = Counter(Plan(seed).order())
        assert FAULTS == counted.total()
        assert 10 <= counted[Fault.KILL]
        assert {Fault.FREEZE, Fault.TERMINATE, Fault.BROKER_KILL} <= counted.keys()
    of_one = set(Plan(1, faults=200).order())
    assert of_one < set(Fault)
    for faults in (60, 1000):
        of_three = Counter(Plan(1, faults=faults, brokers=3).order())
        assert (set(Fault), faults) == (set(of_three), of_three.total())
    lacking = Plan(1, faults=60, brokers=3, without=(Fault.CLOCK,))
    assert {Fault.CLOCK} == set(Fault) - set(lacking.order())
    assert Plan(1).order() == Plan(1).order() != Plan(2).order()
    assert {Moment.IN: 6, Moment.ABOUT: 6, Moment.CHANCE: 4, Moment.START: 4} == Counter(
        islice(Plan(1).moments(), 20)
    )


def test_a_partition_that_stands_still_is_noticed() -> None:
    silences = Silences()
    silences.answered(0, is_behind=False)
    assert [] == silences.spans_s
    silences.asked(0)
    first_s = silences._since_s[0]
    silences.asked(0)
    silences.asked(1)
    silences.answered(0, is_behind=True)
    silences.answered(0, is_behind=False)
    (since_s, until_s), (again_s, _) = silences.spans_s
    assert first_s == since_s <= until_s == again_s
    assert {1} == silences._since_s.keys(), "it still waits"


MANY: Final = 4_000
"""Among so many is one that is too large."""


def test_traffic_is_the_same_for_the_same_seed_and_rich_in_what_may_go_wrong() -> None:
    chunks = list(Traffic(7, MANY, 4).chunks())
    assert chunks == list(Traffic(7, MANY, 4).chunks())
    assert chunks != list(Traffic(8, MANY, 4).chunks())
    assert set(How) == {chunk.how for chunk in chunks}
    kept = [each for chunk in chunks if chunk.how is not How.ABORTED for each in chunk.sendings]
    assert MANY == len(kept)
    assert {0, 1, 2, 3} == {each.partition for each in kept}
    assert any(each.value is None for each in kept)
    assert all(each.key is not None or each.value is not None for each in kept), "aiokafka's limit"
    assert any(len(each.value or b"") > EVENT_BYTES_MAX for each in kept)
    assert any(each.key and home_of(each.key, 4) != each.partition for each in kept)
    assert 2 == len({each.topic for each in kept})


def test_the_table_is_made_from_the_json_alone() -> None:
    figures = Figures(Plan(2**31), did=Counter({Fault.KILL: 12_345}), seconds=10.0)
    figures.logged["partition_taken"] = 54_321
    outcomes = {"accepted": 1_234_567}
    figures.verified = {"outcomes": outcomes, "records": {}, "budgets": 1, "payment_orders": 2}
    machine: dict[str, Any] = {"cores": 98_765, "system": "", "python": "", "broker": ""}
    row = json.loads(json.dumps(figures.row() | {"machine": machine}))
    text = table(row)
    for figure in (str(2**31), "12345", "54321", "1,234,567", "98765"):
        assert figure in text


class DryFeeder(Feeder):
    """A sender without a broker: it only takes note."""

    def __init__(self, *hows: How) -> None:
        self.sent: list[How] = []
        chunks = [Chunk(0, how, (Sending("events", 0, b"key", b"value"),)) for how in hows]
        super().__init__("", "", cast("Traffic", SimpleNamespace(chunks=lambda: chunks)), 1, 1e6)

    async def _renew(self, how: How) -> None:
        pass

    async def _publish(self, chunk: Chunk) -> None:
        self.sent.append(chunk.how)


def test_a_sender_comes_to_its_end_though_what_comes_last_is_aborted() -> None:
    hows = (How.ABORTED, How.PLAIN, How.ABORTED, How.COMMITTED, How.ABORTED)

    async def go() -> DryFeeder:
        feeder = DryFeeder(*hows)
        feeder.allow(2, 0)
        async with asyncio.timeout(5):
            await feeder.run()
        return feeder

    feeder = asyncio.run(go())
    assert list(hows) == feeder.sent
    assert (2, 3, True) == (feeder.published, feeder.aborted, feeder.has_paused)
