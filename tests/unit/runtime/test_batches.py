"""Batches are compressed by the codec of their topic, at a level that costs little."""

import cramjam
import pytest
from aiokafka.record.default_records import DefaultRecordBatch

from services.runtime.kafka.clients import LZ4_LEVEL, a_batch, compress_quickly

HEADER_BYTES = 61
"""What stands before the records of a batch, and is never compressed (Kafka protocol, v2)."""


def built(codec: str, values: list[bytes]) -> bytes:
    batch = a_batch(codec)
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
