"""The cost of an event with ten times the conventions, and with 64 partitions in one process."""

import time
from functools import cache
from typing import Final, NamedTuple

import pytest

from bench import world
from services.ledger.application.handle import Ledger, RawRecord
from services.ledger.application.outbound_messages import messages
from services.ledger.domain.journal import Source

pytestmark = pytest.mark.timeout(900)

ROUNDS: Final = 2
BATCH_EVENTS: Final = 1_000
TURNS: Final = world.PAYMENTS_OF_A_CONVENTION


class Size(NamedTuple):
    """The size of a year: the number of events that are timed is the same."""

    conventions: int = world.CONVENTIONS_OF_A_BUDGET
    """The conventions of each budget."""
    turns: int = TURNS
    partitions: int = 4


USUAL: Final = Size()


def _records(size: Size, events: list[bytes]) -> list[list[RawRecord]]:
    """The events of each partition; a budget has one."""
    budgets = [world.budget_id(number).encode() for number in range(world.BUDGETS)]
    home = {budget: number % size.partitions for number, budget in enumerate(budgets)}
    found: list[list[RawRecord]] = [[] for _ in range(size.partitions)]
    for event in events:
        number = home[world.budget_of(event)]
        found[number].append(RawRecord(event, Source("bench", number, len(found[number]))))
    return found


def _decide(ledger: Ledger, records: list[RawRecord]) -> int:
    """Decide one transaction, to its messages and state rows; return the number of messages."""
    for record in records:
        ledger.handle(record)
    batch = ledger.commit_batch([])
    return sum(1 for _ in messages(batch.decided, batch.states))


@cache
def _least_us_per_event(size: Size) -> float:
    """The least of several runs."""
    return min(_us_per_event(size) for _unused in range(ROUNDS))


def _us_per_event(size: Size) -> float:
    """Microseconds of processor time an event, each partition having a transaction in turn."""
    ledgers = [Ledger() for _ in range(size.partitions)]
    for ledger, records in zip(
        ledgers, _records(size, list(world.opening(conventions=size.conventions))), strict=True
    ):
        _decide(ledger, records)
    timed = _records(size, world.stream(size.conventions, size.turns))
    began_s = time.process_time()
    for first in range(0, max(map(len, timed)), BATCH_EVENTS):
        for ledger, records in zip(ledgers, timed, strict=True):
            _decide(ledger, records[first : first + BATCH_EVENTS])
    return (time.process_time() - began_s) / sum(map(len, timed)) * 1e6


def _compare(what: str, size: Size) -> None:
    usual_us, us = _least_us_per_event(USUAL), _least_us_per_event(size)
    print(f"\n{what}: {usual_us:.1f} → {us:.1f} us an event, {us / usual_us - 1:+.0%}")
    assert us > 0


def test_ten_times_the_conventions() -> None:
    """50,000 conventions in place of 5,000."""
    _compare(
        "ten times the conventions",
        USUAL._replace(conventions=10 * USUAL.conventions, turns=TURNS // 10),
    )


def test_64_partitions() -> None:
    """64 partitions in one process in place of 4; their Kafka clients are not in it."""
    _compare("64 partitions", USUAL._replace(partitions=64))
