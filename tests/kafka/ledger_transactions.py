"""What a ledger leaves of some events on its topics, worked out without the ledger's worker."""

from collections.abc import Iterable, Iterator
from itertools import chain, islice, repeat, zip_longest

from bench.world import opening, stream
from events.topics import JOURNAL
from services.runtime.kafka.partitioning import partition_of
from tests.unit.watch.ledger_output import Out, in_batches, key_of, transactions

PARTITIONS = 4
BATCH_EVENTS = 50

Journal = list[list[Out]]
"""Records of the journal, transaction by transaction."""


def ledger_transactions(
    events: Iterable[bytes], batch_events: int = BATCH_EVENTS
) -> Iterator[list[Out]]:
    """One transaction after the other, as a ledger of each partition would write them."""
    homes: dict[int, list[bytes]] = {}
    for event in events:
        homes.setdefault(partition_of(key_of(event), PARTITIONS), []).append(event)
    for partition, local in sorted(homes.items()):
        yield from transactions(in_batches(local, repeat(batch_events)), partition)


def journal_of(events: Iterable[bytes], batch_events: int = 500) -> Journal:
    """What a ledger leaves of these events in its journal."""
    batches = ledger_transactions(events, batch_events)
    return [[out for out in batch if out.topic == JOURNAL] for batch in batches]


def a_long_journal(records: int, batch_events: int = 500) -> Journal:
    """So many records of the bench's year, on four partitions."""
    # The second is made only where the first is not enough.
    events = chain.from_iterable(part() for part in (opening, stream))
    journal = journal_of(islice(events, records), batch_events)
    assert records == count(journal)
    # The partitions take turns, as they do where each has a ledger of its own.
    by_partition: dict[int, Journal] = {}
    for batch in journal:
        by_partition.setdefault(batch[0].partition, []).append(batch)
    cycles = zip_longest(*by_partition.values())
    return [batch for cycle in cycles for batch in cycle if batch is not None]


def count(journal: Journal) -> int:
    """How many records it has."""
    return sum(map(len, journal))
