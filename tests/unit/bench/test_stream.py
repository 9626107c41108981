"""The events of the benchmark: the full rules accept them all, however many there are."""

from collections import Counter
from pathlib import Path

import pytest

from bench.kafka import stream
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.domain.journal import Source


@pytest.mark.parametrize("events", [1, 400, 3_000])
def test_all_are_accepted(events: int) -> None:
    budgets = stream.budgets_of(events)
    ledger, outcomes = Ledger(), Counter[str]()
    made = [*stream.opening(budgets), *stream.stream(events, budgets)]
    for offset, event in enumerate(made):
        for record in ledger.handle(RawRecord(event, Source("bench", 0, offset))):
            outcomes[record.outcome] += 1
    assert {"accepted": len(made)} == outcomes
    assert events == sum(1 for _ in stream.stream(events, budgets))


def test_they_are_the_same_each_time() -> None:
    assert list(stream.stream(500, 5)) == list(stream.stream(500, 5))


def test_one_budget_in_a_hundred_is_hot(tmp_path: Path) -> None:
    file = tmp_path / "events"
    assert 21_800 == stream.write(file, stream.stream(21_800, 500))
    turns = Counter(Counter(message.key for message in stream.messages(file)).values())
    assert {400: 5, 40: 495} == turns


def test_the_first_events_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "events"
    stream.write(file, stream.stream(10, 1))
    assert list(stream.messages(file))[:3] == list(stream.messages(file, 3))
