"""A header whose name is not UTF-8: the record is read, and so are those around it."""

import struct

import pytest
from aiokafka.codec import gzip_encode, lz4_encode, zstd_encode
from aiokafka.consumer import fetcher
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.util import calc_crc32c
from aiokafka.structs import ConsumerRecord, TopicPartition

from services.runtime.kafka.header_names import read_any_header_name

PLACE = TopicPartition("events", 0)
CRC_AT = struct.calcsize(">qiib")
CODECS = {"none": 0, "gzip": 1, "lz4": 3, "zstd": 4}
FOREIGN, NAME = b"\xff\xfename", b"abcdef"
AS_IT_IS = fetcher.MemoryRecords


@pytest.fixture(autouse=True)
def _as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test begins with aiokafka as it is."""
    monkeypatch.setattr(fetcher, "MemoryRecords", AS_IT_IS)


def batch(first: int, names: list[bytes], codec: int = 0) -> bytes:
    """A batch of one record for each name of a header, as librdkafka would send it."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=0,
        is_transactional=0,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=1 << 16,
    )
    for at, name in enumerate(names):
        text = NAME.decode() if name == FOREIGN else name.decode()
        value = b"%d" % (first + at)
        assert builder.append(at, 7, b"key", value, [(text, b"v"), ("null", None)])
    raw = bytearray(builder.build())
    raw[:8] = struct.pack(">q", first)
    raw = bytearray(bytes(raw).replace(NAME, FOREIGN))
    if codec:
        raw = compressed(raw, codec)
    raw[CRC_AT : CRC_AT + 4] = struct.pack(">I", calc_crc32c(raw[CRC_AT + 4 :]))
    return bytes(raw)


def compressed(raw: bytearray, codec: int) -> bytearray:
    records_at = struct.calcsize(">qiibIhiqqqhii")
    encode = {1: gzip_encode, 3: lz4_encode, 4: zstd_encode}[codec]
    packed = bytearray(raw[:records_at] + encode(bytes(raw[records_at:])))
    packed[8:12] = struct.pack(">i", len(packed) - 12)
    packed[CRC_AT + 5] |= codec
    return packed


def read(raw: bytes, since: int = 0) -> list[ConsumerRecord]:
    records = fetcher.MemoryRecords(raw)
    assert len(raw) == records.size_in_bytes()
    return list(PartitionRecords(PLACE, records, [], since, None, None, True, READ_COMMITTED))


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
def test_a_foreign_name_is_read_with_escapes(codec: int) -> None:
    read_any_header_name()
    raw = batch(0, [b"one", FOREIGN, b"two"], codec) + batch(3, ["été".encode()], codec)
    found = read(raw)
    assert [(at, b"key", b"%d" % at, 7) for at in range(4)] == [
        (each.offset, each.key, each.value, each.timestamp) for each in found
    ]
    names = ["one", r"\xff\xfename", "two", "été"]
    assert [((name, b"v"), ("null", None)) for name in names] == [each.headers for each in found]
    assert [2, 3] == [each.offset for each in read(raw, since=2)]


def test_without_it_nobody_gets_past_such_a_record() -> None:
    with pytest.raises(UnicodeDecodeError):
        read(batch(0, [FOREIGN]))


def test_all_else_is_read_as_by_aiokafka_alone() -> None:
    raw = b"".join(batch(2 * at, [b"one", b"two"], codec) for at, codec in enumerate([0, 1, 3, 4]))
    alone = read(raw)
    read_any_header_name()
    assert alone == read(raw)
    assert [] == read(b"")
