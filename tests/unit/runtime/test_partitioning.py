"""Which partition a key belongs to: what Kafka's own Java client says, and what ours does."""

import pytest
from aiokafka.partitioner import DefaultPartitioner
from hypothesis import given
from hypothesis import strategies as st

from services.runtime.kafka.partitioning import KEYS_MAX, partition_of

# Partitions of 4, 12 and 64, as printed by `BuiltInPartitioner.partitionForKey` of
# kafka-clients 4.4.0. The hashes of the first six stand in Kafka's own tests, some are negative.
BY_JAVA = [
    (b"21", 0, 0, 44),
    (b"abc", 3, 3, 27),
    (b"foobar", 2, 6, 62),
    (b"a-little-bit-long-string", 0, 8, 32),
    (b"a-little-bit-longer-string", 3, 11, 3),
    (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", 1, 5, 13),
    (b"", 1, 9, 25),
    (b"2", 0, 8, 40),
    (b"21590350100017-00-2023", 1, 1, 37),
    (b"21590350100017-00-2024", 1, 5, 53),
    ("é".encode(), 3, 3, 7),
]


@pytest.mark.parametrize(("key", "of_4", "of_12", "of_64"), BY_JAVA)
def test_rule_37_a_key_goes_where_the_java_client_sends_it(
    key: bytes, of_4: int, of_12: int, of_64: int
) -> None:
    assert (of_4, of_12, of_64) == tuple(partition_of(key, count) for count in (4, 12, 64))


def test_bytes_above_127_are_unsigned_as_in_java() -> None:
    assert 11 == partition_of(bytes([0xFF, 0x80, 0x00, 0xFE, 0x7F]), 12)


@given(st.binary(max_size=80), st.integers(1, 1000))
def test_a_producer_left_to_itself_sends_it_there_too(key: bytes, count: int) -> None:
    partitions = list(range(count))
    assert DefaultPartitioner()(key, partitions, partitions) == partition_of(key, count)


def test_what_is_remembered_has_a_limit() -> None:
    assert KEYS_MAX == partition_of.cache_info().maxsize


def test_a_topic_without_partitions_is_our_mistake() -> None:
    with pytest.raises(AssertionError):
        partition_of(b"key", 0)
