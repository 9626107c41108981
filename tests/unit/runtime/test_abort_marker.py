"""Control batches that compaction emptied: what a reader makes of them, byte by byte."""

import struct
from collections.abc import Iterator
from itertools import permutations

import pytest
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.errors import KafkaError
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c
from aiokafka.structs import TopicPartition

from services.runtime.kafka.clients import guard_abort_markers

PLACE = TopicPartition("state", 0)
CONTROL = 0x20
ATTRIBUTES_AT, CRC_AT, LENGTH_AT = struct.calcsize(">qiibI"), struct.calcsize(">qiib"), 8
HEADER_BYTES = struct.calcsize(">qiibIhiqqqhii")
RECORDS_AT = HEADER_BYTES - 4
LAST_DELTA_AT = ATTRIBUTES_AT + 2
ABORT, COMMIT = struct.pack(">HH", 0, 0), struct.pack(">HH", 0, 1)

UNGUARDED = PartitionRecords._contains_abort_marker


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins with aiokafka as it is."""
    monkeypatch.setattr(PartitionRecords, "_contains_abort_marker", UNGUARDED)


def batch(producer: int, key: bytes, value: bytes) -> bytearray:
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=1,
        producer_id=producer,
        producer_epoch=0,
        base_sequence=0,
        batch_size=1 << 16,
    )
    assert builder.append(0, 0, key, value, [])
    return bytearray(builder.build())


def marker(producer: int, kind: bytes) -> bytearray:
    """The end of a transaction, as a broker writes it."""
    raw = batch(producer, kind, b"")
    raw[ATTRIBUTES_AT + 1] |= CONTROL
    return raw


def emptied(raw: bytearray) -> bytearray:
    """The same batch, with its header alone left: what the log cleaner makes of it."""
    raw = raw[:HEADER_BYTES]
    raw[RECORDS_AT:HEADER_BYTES] = struct.pack(">i", 0)
    return raw


def log(*batches: bytearray) -> bytes:
    """Batches behind each other, at offsets 0, 1, 2 …"""
    done = b""
    for offset, raw in enumerate(batches):
        raw[0:8] = struct.pack(">q", offset)
        raw[LENGTH_AT : LENGTH_AT + 4] = struct.pack(">i", len(raw) - LENGTH_AT - 4)
        raw[CRC_AT : CRC_AT + 4] = struct.pack(">I", calc_crc32c(bytes(raw[ATTRIBUTES_AT:])))
        done += bytes(raw)
    return done


def read(raw: bytes, aborted: list[tuple[int, int]]) -> Iterator[bytes]:
    """What a consumer that reads committed records is given; `aborted`: producer, first offset."""
    records = PartitionRecords(
        PLACE, MemoryRecords(raw), aborted, 0, None, None, True, READ_COMMITTED
    )
    return (record.value for record in records)


def test_aiokafka_cannot_read_an_empty_control_batch() -> None:
    raw = log(batch(1, b"k", b"never"), emptied(marker(1, ABORT)), batch(2, b"k", b"reported"))
    with pytest.raises(KafkaError, match="did not contain any records"):
        list(read(raw, [(1, 0)]))


def test_guarded_it_steps_over_it() -> None:
    guard_abort_markers()
    raw = log(batch(1, b"k", b"never"), emptied(marker(1, ABORT)), batch(2, b"k", b"reported"))
    assert [b"reported"] == list(read(raw, [(1, 0)]))


def test_behind_an_empty_abort_marker_the_same_producer_is_read_again() -> None:
    guard_abort_markers()
    raw = log(
        batch(1, b"k", b"never"),
        emptied(marker(1, ABORT)),
        batch(1, b"k", b"reported"),
        marker(1, COMMIT),
        batch(1, b"k", b"never either"),
        marker(1, ABORT),
        batch(1, b"k", b"reported too"),
    )
    assert [b"reported", b"reported too"] == list(read(raw, [(1, 0), (1, 4)]))


def test_an_empty_marker_alone_or_of_a_commit_is_no_abort() -> None:
    guard_abort_markers()
    raw = log(
        emptied(marker(1, ABORT)),
        emptied(marker(2, COMMIT)),
        batch(2, b"k", b"reported"),
        emptied(marker(2, COMMIT)),
        batch(2, b"k", b"never"),
        emptied(marker(2, ABORT)),
    )
    assert [b"reported"] == list(read(raw, [(2, 4)]))


@pytest.mark.parametrize("order", list(permutations(range(4), 4))[::5])
def test_where_no_batch_is_empty_the_guard_changes_nothing(order: tuple[int, ...]) -> None:
    logs = [
        (batch(1, b"k", b"a"), marker(1, COMMIT)),
        (batch(1, b"k", b"b"), marker(1, ABORT)),
        (batch(2, b"k", b"c"), marker(2, ABORT)),
        (batch(2, b"k", b"d"), marker(2, COMMIT)),
    ]
    chosen = [logs[number] for number in order]
    raw = log(*(each for each_log in chosen for each in each_log))
    aborted = [({1: 1, 2: 2}[number], 2 * order.index(number)) for number in (1, 2)]
    before = list(read(raw, aborted))
    guard_abort_markers()
    assert before == list(read(raw, aborted))
    assert {b"a", b"d"} == set(before)
