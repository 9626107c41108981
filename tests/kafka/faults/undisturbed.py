"""What a ledger that nobody disturbs makes of the same records: byte for byte what the topics hold.

This is the ledger's own core, run once over what stands in the input topics: it shows that no fault
left a trace. That the core itself is right is the verifier's to prove, which shares no code with
it.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import ConsumerRecord, TopicPartition
from structlog.testing import capture_logs

from events.topics import INPUT_TOPICS, JOURNAL, LEDGER_STATE
from services.ledger.application.handle import Ledger
from services.ledger.domain.journal import JournalRecord, read_record
from services.ledger.kafka.topic_records import (
    POSITION_KEY,
    decode_checkpoint,
    raw_record,
    read_key,
)
from services.runtime.kafka.partitioning import partition_of
from tests.kept_state import kept, one_by_one

TAKE_MS: Final = 200
SHOWN_MAX: Final = 10

Read = Callable[[TopicPartition], Awaitable[list[ConsumerRecord]]]
"""All committed records of a partition."""

End = Callable[[TopicPartition], Awaitable[int]]
"""Where a partition ends, its markers included."""


async def differences(bootstrap: str, prefix: str, partitions: int) -> list[str]:
    """What is otherwise than an undisturbed ledger would have left it; at best nothing."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        client_id="fault-run",
        group_id=None,
        auto_offset_reset="none",
        isolation_level="read_committed",
        max_partition_fetch_bytes=4 * 1024 * 1024,
    )
    await consumer.start()
    # All at once: aiokafka takes seconds to find a topic that is assigned later.
    places = [
        TopicPartition(prefix + name, number)
        for name in (*INPUT_TOPICS, JOURNAL, LEDGER_STATE)
        for number in range(partitions)
    ]
    consumer.assign(places)
    consumer.pause(*places)
    try:
        return await compare(
            lambda place: _records(consumer, place),
            prefix,
            partitions,
            lambda place: _end(consumer, place),
        )
    finally:
        await consumer.stop()


async def compare(read: Read, prefix: str, partitions: int, end: End) -> list[str]:
    """The same for topics that are read in this way."""
    found: list[str] = []
    with capture_logs():  # It logs what the workers have logged before.
        for number in range(partitions):
            found += await _of_partition(read, prefix, number, partitions, end)
    return found[:SHOWN_MAX]


async def _end(consumer: AIOKafkaConsumer, place: TopicPartition) -> int:
    end: int = (await consumer.end_offsets([place]))[place]
    return end


async def _records(consumer: AIOKafkaConsumer, place: TopicPartition) -> list[ConsumerRecord]:
    await consumer.seek_to_beginning(place)
    consumer.resume(place)
    end = await _end(consumer, place)
    records: list[ConsumerRecord] = []
    while await consumer.position(place) < end:
        records += (await consumer.getmany(place, timeout_ms=TAKE_MS)).get(place, ())
    consumer.pause(place)
    return records


async def _of_partition(
    read: Read, prefix: str, number: int, partitions: int, end_of: End
) -> list[str]:
    inputs: dict[tuple[str, int], ConsumerRecord] = {}
    for name in INPUT_TOPICS:
        for record in await read(TopicPartition(prefix + name, number)):
            inputs[record.topic, record.offset] = record
    journal = TopicPartition(prefix + JOURNAL, number)
    ledger = Ledger(partition_of=lambda budget: partition_of(budget.encode(), partitions))
    found: list[str] = []
    expected: list[tuple[str, bytes]] = []
    last = dict.fromkeys((prefix + name for name in INPUT_TOPICS), -1)
    end, head = 0, None
    for each in await read(journal):
        where = f"{journal.topic}/{number}/{each.offset}"
        record = read_record(each.value)
        end, head = each.offset + 1, record.hash
        if not expected:
            found += _taken(where, record, inputs, last)
            source = inputs.pop((record.source.topic, record.source.offset), None)
            if source is None:
                return [
                    *found,
                    f"{where}: what stands before it wakes nobody, or its source is gone",
                ]
            _decide(ledger, record, source)
            rows = ledger.commit_batch([]).records
            expected = [(row.budget, row.record) for row in rows]
        if (each.key.decode(), each.value) != expected.pop(0):
            return [*found, f"{where}: an undisturbed ledger writes something else"]
    found += [f"{topic}/{number}/{offset}: not journalled" for topic, offset in inputs]
    if expected:
        found.append(f"{journal.topic}/{number}: what was woken is missing at its end")
    read_to: dict[str, range] = {}
    for topic, offset in last.items():
        # Behind the last record may stand markers, and a position before or behind them.
        place_end = await end_of(TopicPartition(topic, number))
        read_to[topic] = range(offset + 1, place_end + 1)
    return found + await _state_differs(read, prefix, number, ledger, (end, head, read_to))


def _decide(ledger: Ledger, record: JournalRecord, source: ConsumerRecord) -> None:
    """As it was decided; what an operator quarantined was not."""
    dead = record.dead_letter or {}
    if "by" in dead:
        ledger.quarantine(raw_record(source), dead["by"], dead["why"])
    else:
        ledger.handle(raw_record(source))


def _taken(
    where: str,
    record: JournalRecord,
    inputs: dict[tuple[str, int], ConsumerRecord],
    last: dict[str, int],
) -> list[str]:
    """The next source record is taken in its order, and once."""
    topic, _, offset = record.source
    found = []
    if record.resumes is not None or (topic, offset) not in inputs:
        found.append(f"{where}: {topic}/{offset} is not what comes next ({record.outcome})")
    if offset <= last[topic]:
        found.append(f"{where}: {topic}/{offset} behind {last[topic]}")
    last[topic] = offset
    return found


async def _state_differs(
    read: Read,
    prefix: str,
    number: int,
    ledger: Ledger,
    journal: tuple[int, str | None, dict[str, range]],
) -> list[str]:
    """The state topic holds exactly what the journal leads to."""
    place = TopicPartition(prefix + LEDGER_STATE, number)
    stored: dict[bytes, bytes] = {}
    for record in await read(place):
        if record.value is None:
            stored.pop(record.key, None)
        else:
            stored[record.key] = record.value
    end, head, read_to = journal
    where = f"{place.topic}/{number}"
    raw = stored.pop(POSITION_KEY, None)
    if raw is None:
        return [] if not end and not stored else [f"{where}: no position"]
    checkpoint = decode_checkpoint(raw)
    found = []
    if (checkpoint.journal_next, checkpoint.journal_head) != (end, head):
        found.append(
            f"{where}: it says that the journal ends at {checkpoint.journal_next}, not {end}"
        )
    for topic, allowed in read_to.items():
        position = checkpoint.sources[topic].next_offset
        if allowed.start > 0 and position not in allowed:
            found.append(f"{where}: {topic} is read to {position}, not {allowed.start}")
    rows = one_by_one((read_key(key), value) for key, value in stored.items())
    expected = kept(ledger.budgets)
    if rows != expected:
        keys = sorted(key for key in rows | expected if rows.get(key) != expected.get(key))
        found.append(f"{where}: {len(keys)} rows differ, the first: {keys[0]}")
    return found
