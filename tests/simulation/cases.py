"""A history as plain data.

What is sent to the input topics, when, and what goes wrong meanwhile.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import count
from typing import Any, Final, NamedTuple, Self

from aiokafka.partitioner import murmur2
from stdnum import luhn

from tests.builders import Json
from tests.simulation.faults import Fault

PARTITIONS: Final = 2
STRUCTURED: Final = b"application/cloudevents+json; charset=UTF-8"
Headers = tuple[tuple[str, bytes | None], ...]


def budget_names() -> Iterator[str]:
    """Made-up budgets, each of a public entity of its own with valid keys."""
    for number in count():
        siren = f"{21_590_000 + number:08d}"
        siren += luhn.calc_check_digit(siren)
        siret = siren + "0001"
        yield f"{siret}{luhn.calc_check_digit(siret)}-00-2023"


def home_of(key: bytes, partitions: int) -> int:
    """The partition of a key, as Kafka's own clients choose it."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions


def attributes_of(event: Json) -> Headers:
    """Binary mode: the attributes as headers."""
    return tuple(
        (f"ce_{name}", str(each).encode()) for name, each in event.items() if name != "data"
    )


class How(StrEnum):
    """How a chunk is published."""

    PLAIN = "plain"
    COMMITTED = "in a transaction"
    ABORTED = "in a transaction that is aborted"


class Sending(NamedTuple):
    """A record for an input topic."""

    topic: str
    """As the contract names it."""
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()

    @property
    def entity(self) -> bytes:
        """Whose budget it names as its key: the years of a public entity belong together."""
        return (self.key or b"").partition(b"-")[0]

    def row(self) -> list[Any]:
        headers = [[name, _text(content)] for name, content in self.headers]
        return [self.topic, self.partition, _text(self.key), _text(self.value), headers]

    @classmethod
    def of(cls, row: list[Any]) -> Self:
        topic, partition, key, value, headers = row
        read = tuple((name, _bytes(content)) for name, content in headers)
        return cls(topic, partition, _bytes(key), _bytes(value), read)


class Chunk(NamedTuple):
    """Records that are sent together, so long after those before."""

    gap_ms: int
    how: How
    sendings: tuple[Sending, ...]


@dataclass(frozen=True)
class Case:
    """One history, and the seed of all latencies in it."""

    latencies: str
    chunks: tuple[Chunk, ...]
    faults: tuple[Fault, ...]
    partitions: int = PARTITIONS

    def sendings(self) -> Iterator[Sending]:
        for chunk in self.chunks:
            yield from chunk.sendings

    def without(self, chunks: Iterable[Chunk]) -> "Case":
        """The same with these chunks alone; what is left empty falls out."""
        return replace(self, chunks=tuple(chunk for chunk in chunks if chunk.sendings))

    def spelled(self) -> str:
        """As JSON, for `python -m tests.simulation --case`."""
        rows = [[gap, how, [each.row() for each in sendings]] for gap, how, sendings in self.chunks]
        row = {
            "latencies": self.latencies,
            "partitions": self.partitions,
            "faults": [fault.row() for fault in self.faults],
            "chunks": rows,
        }
        return json.dumps(row, ensure_ascii=False)

    @classmethod
    def read(cls, text: str) -> Self:
        row = json.loads(text)
        chunks = (
            Chunk(gap_ms, How(how), tuple(Sending.of(each) for each in sendings))
            for gap_ms, how, sendings in row["chunks"]
        )
        faults = tuple(Fault.of(each) for each in row["faults"])
        return cls(row["latencies"], tuple(chunks), faults, row["partitions"])


def _text(content: bytes | None) -> Any:
    if content is None:
        return None
    try:
        return content.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(content).decode()}


def _bytes(content: Any) -> bytes | None:
    if isinstance(content, dict):
        return base64.b64decode(content["base64"])
    return None if content is None else str(content).encode()
