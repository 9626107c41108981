"""A large year on a real broker: it closes in one transaction, or not at all; the next one opens.

Of a size at which a transaction is full in either year; what a city's 5,000 conventions and 1,000
parked events take stands in docs/decisions/0009-the-end-of-a-year.md.
"""

from collections import Counter
from typing import Final

import pytest
from aiokafka.structs import ConsumerRecord

from events.topics import COMMITMENT_ENTRIES, INTERNAL_EVENTS, JOURNAL, REFUSALS
from services.ledger.domain.fiscal_year import next_year
from services.ledger.kafka.partition import FULL_BYTES
from services.runtime.processing.task import BATCH_RECORDS
from tests.builders import a_closing
from tests.integration.test_large_closing import OPERATIONS, the_year
from tests.kafka.closing_year import moving_budget
from tests.kafka.cluster import outcomes, partition_for
from tests.kafka.stack import Stack
from tests.waiting import eventually

PARTITIONS: Final = 2
CONVENTIONS: Final = 1_400
PARKED: Final = 250

Records = dict[int, list[ConsumerRecord]]


def mark_of(record: ConsumerRecord) -> bytes:
    """Which transaction of the ledger wrote a record."""
    mark: bytes = dict(record.headers)["ecluse_transaction"]
    return mark


def killed_before_its_commit(stack: Stack) -> None:
    """A worker that is killed when its internal events are written and not yet committed."""
    with stack.ledger(fault="hung_commit:1") as worker:
        eventually(lambda: not stack.is_settled([INTERNAL_EVENTS]), "no internal event was written")
        worker.kill()


def one_transaction(found: dict[str, Records], home: int, conventions: int, parked: int) -> int:
    """That all of the closing bears one mark, and the internal events are all; its bytes."""
    [closing] = [each for each in found[JOURNAL][0] if b"ecluse.fiscal-year.closed" in each.value]
    mark = mark_of(closing)

    def marked(topic: str, number: int = 0) -> list[ConsumerRecord]:
        return [each for each in found[topic][number] if mark_of(each) == mark]

    refused = [each for each in marked(REFUSALS) if b"fiscal_year_closed" in each.value]
    carried = [each for each in marked(COMMITMENT_ENTRIES) if b'"carry_over"' in each.value]
    internal_events = found[INTERNAL_EVENTS][home]
    assert Counter({mark: conventions}) == Counter(map(mark_of, internal_events))
    assert (parked, conventions * len(OPERATIONS)) == (len(refused), len(carried))
    journal = [each for each in marked(JOURNAL) if each.offset >= closing.offset]
    assert 1 + parked == len(journal), "the closing, and behind it all that had waited"
    return sum(len(each.value) for each in (*journal, *internal_events))


@pytest.mark.timeout(120)
def test_a_large_year_closes_in_one_transaction_or_not_at_all(stack: Stack) -> None:
    budget = moving_budget(PARTITIONS)
    home = partition_for(next_year(budget), PARTITIONS)
    year = list(the_year(CONVENTIONS, PARKED, budget))
    stack.publish(event | {"id": f"e{number}"} for number, event in enumerate(year))
    stack.decided(len(year))
    stack.publish([a_closing("all", budget=budget)])
    killed_before_its_commit(stack)
    found = stack.read_all([JOURNAL, INTERNAL_EVENTS])
    assert (len(year), [], []) == (len(found[JOURNAL][0]), *found[INTERNAL_EVENTS].values())
    journal = stack.decided(len(year) + 1 + PARKED + CONVENTIONS)
    assert ["accepted"] * CONVENTIONS == outcomes(journal[home])
    carried = [each["event"]["data"]["convention"] for each in journal[home]]
    assert [f"CONV-2023-{number:05}" for number in range(CONVENTIONS)] == carried
    found = stack.read_all([JOURNAL, INTERNAL_EVENTS, COMMITMENT_ENTRIES, REFUSALS])
    assert FULL_BYTES < one_transaction(found, home, CONVENTIONS, PARKED)
    opened = Counter(map(mark_of, found[JOURNAL][home]))
    assert max(opened.values()) <= BATCH_RECORDS
    assert FULL_BYTES < sum(len(each.value) for each in found[JOURNAL][home])
    assert len(opened) > 1, "in several transactions"
