"""A history as plain data.

What is sent to the input topics, when, and what goes wrong meanwhile.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple, Self

from tests.kafka.faults.traffic import How
from tests.simulation.faults import Fault

PARTITIONS: Final = 2


class Sending(NamedTuple):
    """A record for an input topic."""

    topic: str
    """As the contract names it."""
    partition: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...] = ()

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
