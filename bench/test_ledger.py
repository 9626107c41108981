"""Microseconds an event of each step from bytes to bytes: 100,000 payments and reports."""

import json
import time
from collections.abc import Callable
from typing import Any, cast

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from bench import world
from events.codec import ReceivedEvent, decode
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.domain.decide import decide, record_of
from services.ledger.domain.evolve import evolve
from services.ledger.domain.journal import JournalRecord, Source

ROUNDS = 3


@pytest.fixture(scope="module")
def stream() -> list[bytes]:
    return world.stream()


@pytest.fixture(scope="module")
def received(stream: list[bytes]) -> list[ReceivedEvent]:
    return [cast(ReceivedEvent, decode(event)) for event in stream]


@pytest.fixture(scope="module")
def plain_json_us(stream: list[bytes]) -> float:
    """What it costs to read and write an event with the standard library: the yardstick here."""
    best_s = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for event in stream:
            json.dumps(json.loads(event))
        best_s = min(best_s, time.perf_counter() - start)
    return best_s / world.STREAM * 1e6


def _measure(
    benchmark: BenchmarkFixture,
    plain_json_us: float,
    run: Callable[..., Any],
    setup: Callable[[], Any] | None = None,
) -> None:
    benchmark.pedantic(run, setup=setup, rounds=ROUNDS, iterations=1)
    assert benchmark.stats is not None, "the benchmark ran"
    per_event_us = benchmark.stats.stats.min / world.STREAM * 1e6
    benchmark.extra_info["us_per_event"] = round(per_event_us, 2)
    ratio = per_event_us / plain_json_us
    print(f"\n{benchmark.name}: {per_event_us:.2f} us an event, {ratio:.2f} of plain JSON")


def test_decode(benchmark: BenchmarkFixture, plain_json_us: float, stream: list[bytes]) -> None:
    def run() -> None:
        for event in stream:
            decode(event)

    _measure(benchmark, plain_json_us, run)


def test_decide(
    benchmark: BenchmarkFixture, plain_json_us: float, received: list[ReceivedEvent]
) -> None:
    """Every event against the state of the opening: a first partial payment, a first report."""
    ledger = world.opened()

    def run() -> None:
        for each in received:
            decide(ledger.budgets[each.envelope.data.budget], each)

    _measure(benchmark, plain_json_us, run)


def test_chain_and_encode(
    benchmark: BenchmarkFixture, plain_json_us: float, received: list[ReceivedEvent]
) -> None:
    """The record of each decision, its hash, and its bytes."""
    ledger = world.opened()
    source = Source("bench", 0, 0)
    decided = []
    for each in received:
        state = ledger.budgets[each.envelope.data.budget]
        decided.append((state, each, decide(state, each)))

    def run() -> None:
        for state, each, verdict in decided:
            record_of(state, each, verdict, source).seal()

    _measure(benchmark, plain_json_us, run)


def test_evolve(
    benchmark: BenchmarkFixture, plain_json_us: float, received: list[ReceivedEvent]
) -> None:
    """The state changed by each record, its invariants checked on the rows that moved."""
    source = Source("bench", 0, 0)
    rehearsal = world.opened()
    records: list[tuple[str, JournalRecord, ReceivedEvent]] = []
    for each in received:
        budget = each.envelope.data.budget
        state = rehearsal.budgets[budget]
        record = record_of(state, each, decide(state, each), source)
        record.seal()
        evolve(state, record, each)
        records.append((budget, record, each))

    def setup() -> tuple[tuple[Ledger], dict[str, Any]]:
        return (world.opened(),), {}

    def run(ledger: Ledger) -> None:
        for budget, record, each in records:
            evolve(ledger.budgets[budget], record, each)

    _measure(benchmark, plain_json_us, run, setup)


@pytest.mark.parametrize("order", ["taking_turns", "budget_by_budget"])
def test_whole_path(
    benchmark: BenchmarkFixture, plain_json_us: float, stream: list[bytes], order: str
) -> None:
    """Bytes to journal bytes and changed state rows, committed every 500 events, to nowhere."""
    events = stream if order == "taking_turns" else sorted(stream, key=world.budget_of)
    raws = [RawRecord(event, Source("bench", 0, n)) for n, event in enumerate(events)]

    def setup() -> tuple[tuple[Ledger], dict[str, Any]]:
        return (world.opened(),), {}

    def run(ledger: Ledger) -> None:
        for number, raw in enumerate(raws):
            ledger.handle(raw)
            if number % 500 == 499:
                ledger.commit_batch([])

    _measure(benchmark, plain_json_us, run, setup)
