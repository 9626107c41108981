"""Batches are compressed by the codec of their topic, at a level that costs little."""

import cramjam
import pytest
from aiokafka.record.default_records import DefaultRecordBatch

from services.runtime.kafka.clients import (
    BATCH_BYTES,
    LZ4_LEVEL,
    ZSTD_LEVEL,
    Headers,
    compress_quickly,
    fill,
    make_batch,
)

HEADER_BYTES = 61
"""What stands before the records of a batch, and is never compressed (Kafka protocol, v2)."""


def built(codec: str, values: list[bytes]) -> bytes:
    batch = make_batch(codec)
    for value in values:
        assert batch.append(key=None, value=value, timestamp=1) is not None
    return bytes(batch._build())


@pytest.mark.parametrize(
    ("codec", "number"),
    [("lz4", DefaultRecordBatch.CODEC_LZ4), ("zstd", DefaultRecordBatch.CODEC_ZSTD)],
)
def test_a_batch_has_the_codec_of_its_topic_and_belongs_to_a_transaction(
    codec: str, number: int
) -> None:
    values = [b"%d" % each * 50 for each in range(100)]
    batch = DefaultRecordBatch(built(codec, values))
    assert (number, True) == (batch.compression_type, batch.is_transactional)
    assert values == [record.value for record in batch]


def test_lz4_compresses_at_our_level() -> None:
    compress_quickly()
    values = [b"%d" % (each * each) * 20 for each in range(500)]
    records = bytes(cramjam.lz4.decompress(built("lz4", values)[HEADER_BYTES:]))
    lengths = {}
    for level in (LZ4_LEVEL, 9):
        compressor = cramjam.lz4.Compressor(level=level, content_checksum=False, block_linked=False)
        compressor.compress(records)
        lengths[level] = HEADER_BYTES + len(bytes(compressor.finish()))
    assert lengths[LZ4_LEVEL] != lengths[9], "these values tell the levels apart"
    assert lengths[LZ4_LEVEL] == len(built("lz4", values))


def test_zstd_compresses_at_our_level() -> None:
    compress_quickly()
    values = [b"%d" % (each * each) * 20 for each in range(500)]
    compressed = built("zstd", values)
    records = cramjam.zstd.decompress(compressed[HEADER_BYTES:])
    at_ours, at_theirs = (
        bytes(cramjam.zstd.compress(records, level=each)) for each in (ZSTD_LEVEL, 3)
    )
    assert at_ours != at_theirs, "these values tell the levels apart"
    assert at_ours == compressed[HEADER_BYTES:]


def test_a_batch_takes_the_records_that_fit_in_their_order_each_with_its_headers() -> None:
    headers: list[Headers] = [(("a", b"1"),), (), (("a", b"1"), ("b", None)), (("a", b"1"),)]
    records = [(b"%d" % at, b"v" * (BATCH_BYTES // 4), each) for at, each in enumerate(headers)]
    batch = make_batch("lz4")
    assert 3 == fill(batch, records) == batch.record_count()
    taken = list(DefaultRecordBatch(bytes(batch._build())))
    assert [(b"0", 0), (b"1", 1), (b"2", 2)] == [(each.key, each.offset) for each in taken]
    assert headers[:3] == [tuple(each.headers) for each in taken]
    assert 1 == len({each.timestamp for each in taken})


def test_a_record_larger_than_a_batch_goes_alone_and_a_value_may_be_missing() -> None:
    large = (b"k", b"v" * (BATCH_BYTES + 1), ())
    assert 1 == fill(make_batch("lz4"), [large, large])
    removed = make_batch("lz4")
    assert 1 == fill(removed, [(b"k", None, ())])
    (record,) = DefaultRecordBatch(bytes(removed._build()))
    assert (b"k", None) == (record.key, record.value)
