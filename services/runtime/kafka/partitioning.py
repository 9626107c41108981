"""The partition of a key: murmur2, the default of Kafka's own clients.

It stands alone because a replay of files needs it too, without a client.
"""

from functools import lru_cache
from typing import Final

from aiokafka.partitioner import murmur2

KEYS_MAX: Final = 65_536
"""The size of the cache: the hash costs 4 µs, and is needed for every record."""


@lru_cache(maxsize=KEYS_MAX)
def partition_of(key: bytes, count: int) -> int:
    """The partition of `key` on a topic of `count` partitions.

    Clients built on librdkafka agree only with `partitioner=murmur2_random`.
    """
    assert count > 0, "a topic has partitions"
    # Java clears the sign bit instead of taking the absolute value.
    return int(murmur2(key) & 0x7FFFFFFF) % count
