"""A large city's year: 5,000 conventions and 1,000 parked events close in one transaction.

In memory; the same on a broker, smaller: tests/kafka/test_large_closing.py.
"""

from collections import Counter
from collections.abc import Iterator

import pytest

from events.codec import EVENT_BYTES_MAX
from events.topics import INTERNAL_EVENTS
from services.ledger.application.handle import DecidedBatch, Ledger, RawRecord
from services.ledger.application.ports import Batch
from services.ledger.application.restore import VERSIONS, open_ledger
from services.ledger.domain.journal import Source
from services.ledger.files.stores import MemoryStore
from services.ledger.kafka.partition import FULL_BYTES
from services.runtime.kafka.clients import RECORD_BYTES_MAX
from services.verifier.findings import Findings, Place
from services.verifier.journal_alone import JournalAlone
from services.verifier.journal_proof import Row
from tests import silence
from tests.builders import (
    BUDGET,
    NEXT_BUDGET,
    Json,
    a_closing,
    a_convention,
    a_report,
    a_vote,
    an_amount,
    an_award,
    an_instalment,
    encoded,
)

CONVENTIONS = 5_000
PARKED = 1_000
OPERATIONS = ("489", "1978", "490")
CENTS = 10_001
"""Of each convention on each line."""


no_logs = silence.no_logs


def the_year(
    conventions: int = CONVENTIONS, parked: int = PARKED, budget: str = BUDGET
) -> Iterator[Json]:
    """Every convention waits for the report of 2023, on the three lines of the Lille case."""
    amounts = [an_amount(CENTS, each) for each in OPERATIONS]
    voted = [an_amount(CENTS * conventions, each) for each in OPERATIONS]
    balance = an_instalment(
        name="balance", documents=[("activity_report", 2023)], ceiling=True, lines=amounts
    )
    yield a_vote(appropriations=voted, budget=budget)
    for number in range(conventions):
        grant, name = f"GRANT-2023-{number:05}", f"CONV-2023-{number:05}"
        yield an_award(grant=grant, lines=amounts, budget=budget)
        yield a_convention(grant=grant, convention=name, instalments=[balance], budget=budget)
    for number in range(parked):
        yield a_report(convention=f"UNKNOWN-{number:05}", budget=budget)


class City:
    """A ledger with its store, given one batch at a time."""

    def __init__(self) -> None:
        self.store, self.ledger, self.offset = MemoryStore(), Ledger(), 0

    def handle(self, value: bytes, topic: str = "t") -> None:
        self.ledger.handle(RawRecord(value, Source(topic, 0, self.offset)))
        self.offset += 1

    def commit(self) -> DecidedBatch:
        batch = self.ledger.commit_batch([])
        self.store.commit(batch, VERSIONS)
        return batch


@pytest.fixture(scope="module")
def city() -> City:
    """The year up to its closing."""
    city = City()
    for number, event in enumerate(the_year()):
        city.handle(encoded(event | {"id": f"e{number}"}))
    city.commit()
    return city


@pytest.fixture(scope="module")
def closing(city: City) -> DecidedBatch:
    """What one transaction writes."""
    city.handle(encoded(a_closing("all")))
    return city.commit()


@pytest.fixture(scope="module")
def opening(city: City, closing: Batch) -> Batch:
    """What the next year's transaction writes."""
    for internal_event in closing.internal_events:
        city.handle(internal_event, INTERNAL_EVENTS)
    return city.commit()


def test_the_closing_and_all_that_waited_are_one_transaction(closing: Batch) -> None:
    assert 1 + PARKED == len(closing.records)
    assert CONVENTIONS == len(closing.internal_events)


def test_it_is_known_to_fill_a_transaction(closing: DecidedBatch) -> None:
    records = sum(len(row.record) for row in closing.records)
    assert FULL_BYTES < records + sum(map(len, closing.internal_events)) == closing.size_bytes


def test_each_of_its_records_fits_into_a_topic(closing: Batch, opening: Batch) -> None:
    largest, *_ = sorted((len(row.record) for row in closing.records), reverse=True)
    # A convention line takes less than 500 bytes: 33,000 of them fit, uncompressed.
    assert largest < 500 * CONVENTIONS * len(OPERATIONS) < RECORD_BYTES_MAX
    assert max(map(len, closing.internal_events)) < EVENT_BYTES_MAX
    assert max(len(row.record) for row in opening.records) < EVENT_BYTES_MAX


def test_with_no_order_open_the_year_keeps_what_is_still_asked_of_it(
    city: City, closing: Batch
) -> None:
    """Its conventions stay, without documents: reports on them belong to the next year."""
    removed = Counter(key.kind for key, value in closing.changes.items() if value is None)
    assert CONVENTIONS == removed["grant"]
    assert 0 == removed["convention"] == removed["convention_progress"]
    kept = {key.kind for key, _ in city.store.state() if key.budget == BUDGET}
    assert {"budget", "convention", "convention_progress", "remembered"} == kept


def test_the_next_year_opens_with_all_of_it(city: City, opening: Batch) -> None:
    assert CONVENTIONS == len(opening.records)
    book = city.ledger.budgets[NEXT_BUDGET].book
    assert CONVENTIONS == len(book.conventions)
    assert [CENTS * CONVENTIONS] * len(OPERATIONS) == [
        money.committed for money in book.lines.values()
    ]


@pytest.mark.timeout(300)  # Seconds where it is alone; the other tests have the cores too.
def test_the_second_implementation_proves_both_years(city: City, opening: Batch) -> None:
    proof = JournalAlone(Findings(), in_a_row=True)
    for row in city.store.journal():
        proof.take(Row(Place("journal"), row.record, row.budget.encode(), row.sequence))
    report = proof.end()
    assert {} == report.counts
    assert [BUDGET, NEXT_BUDGET] == list(report.figures["heads"])
    assert 2 * CONVENTIONS + 1 + PARKED + 1 + PARKED + CONVENTIONS == proof.records


def test_it_is_restored_as_it_stands(city: City, opening: Batch) -> None:
    again = open_ledger(city.store)
    assert city.ledger.budgets.keys() == again.budgets.keys()
    assert again.budgets[NEXT_BUDGET].book == city.ledger.budgets[NEXT_BUDGET].book
    assert again.budgets[BUDGET].book == city.ledger.budgets[BUDGET].book
