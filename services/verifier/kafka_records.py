"""Kafka records as the proofs read them: bytes, a place, and which partition a key belongs to."""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from events.topics import INTERNAL_EVENTS
from services.verifier.findings import Place
from services.verifier.records import DEAD, brief

Headers = Sequence[tuple[str, bytes | None]]

EVENT_BYTES_MAX: Final = 1024 * 1024
"""A larger record is a dead letter, and not kept whole (design, 6)."""

INTERNAL_EVENT_BYTES_MAX: Final = 8 * EVENT_BYTES_MAX
"""The same of what the ledger wrote to itself."""

RECORD_BYTES_MAX: Final = 16 * 1024 * 1024
"""The largest record of any topic, and the largest that a ledger writes."""

HEAD_BYTES: Final = 64 * 1024
"""Bytes kept of a larger record."""

_SEED: Final = 0x9747B28C
_M: Final = 0x5BD1E995
_32_BITS: Final = 0xFFFFFFFF


def carries_internal_events(topic: str) -> bool:
    """Return whether a topic is that of internal events, with or without a prefix."""
    return topic.endswith(INTERNAL_EVENTS)


def bytes_max(topic: str) -> int:
    """The size up to which an input record is kept whole, with or without a cluster's prefix."""
    return INTERNAL_EVENT_BYTES_MAX if carries_internal_events(topic) else EVENT_BYTES_MAX


class TopicRecord(NamedTuple):
    """One record of a topic."""

    topic: str
    """As the contract names it, without the cluster's prefix."""
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    timestamp_ms: int = 0

    @property
    def place(self) -> Place:
        """Topic, partition and offset."""
        return Place(self.topic, self.partition, self.offset)


def murmur2(key: bytes) -> int:
    """Kafka's hash of a key, as 32 bits without a sign (MurmurHash2, seed 0x9747b28c)."""
    state = _SEED ^ len(key)
    whole = len(key) & ~3
    for at in range(0, whole, 4):
        block = int.from_bytes(key[at : at + 4], "little") * _M & _32_BITS
        block = (block ^ block >> 24) * _M & _32_BITS
        state = (state * _M & _32_BITS) ^ block
    if whole < len(key):
        state = (state ^ int.from_bytes(key[whole:], "little")) * _M & _32_BITS
    state = (state ^ state >> 13) * _M & _32_BITS
    return state ^ state >> 15


@lru_cache(maxsize=65_536)
def partition_of(key: bytes, partitions: int) -> int:
    """The partition that Kafka's default partitioner gives a key (rules, 37)."""
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def home_of(chain: str, partitions: int) -> int:
    """The partition of a chain; of unreadable records the one in its name, if it exists."""
    number = chain.removeprefix(DEAD)
    if number != chain and number.isdecimal() and int(number) < partitions:
        return int(number)
    return partition_of(chain.encode(), partitions)


def is_binary(headers: Headers) -> bool:
    """Return whether a record is a CloudEvent in binary mode."""
    kinds = [content for name, content in headers if name == "content-type" and content]
    if any(each.startswith(b"application/cloudevents+json") for each in kinds):
        return False
    return any(name.startswith("ce_") and content is not None for name, content in headers)


def one_line(value: bytes) -> bytes:
    """A structured event as a journal keeps it: without line breaks and white space around it."""
    if b"\n" in value or b"\r" in value:
        value = value.translate(None, b"\r\n")
    return value.strip(b" \t")


def attributes(headers: Headers) -> list[tuple[str, str]]:
    """The attributes of an event in binary mode; UnicodeDecodeError where one is no text."""
    return [
        ("datacontenttype" if name == "content-type" else name.removeprefix("ce_"), each.decode())
        for name, each in headers
        if each is not None and (name == "content-type" or name.startswith("ce_"))
    ]


def read_binary_event(value: bytes, headers: Headers) -> Any:
    """The event that a record in binary mode says; ValueError where it says none."""
    return dict(attributes(headers)) | {"data": json.loads(value)}


def digest_of_parts(key: bytes | None, value: bytes | None, headers: Headers) -> bytes:
    """16 bytes that stand for a whole record."""
    parts: list[bytes | None] = [key, value]
    for name, content in headers:
        parts += (name.encode(), content)
    lengths = ",".join("-" if part is None else str(len(part)) for part in parts)
    return brief(lengths.encode() + b";" + b"".join(part or b"" for part in parts))
