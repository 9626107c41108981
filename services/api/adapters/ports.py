"""Ports: what the API needs of Kafka and of the watch."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from events.lag import History
from services.lag.client.merge import Lag
from services.runtime.kafka.publishing import Message


class Publisher(Protocol):
    """Takes events that were read and found good, durably."""

    async def publish(self, messages: Iterable[Message]) -> None:
        """Keep every message, those of one budget in their order; return once they are kept.

        Raises:
            Stop: they could not all be kept: whoever sends them again does no harm.
        """
        ...


class OriginalBytes(Protocol):
    """Reads a record as it was received, for those who must see why it could not be read."""

    async def __call__(self, topic: str, partition: int, offset: int) -> bytes | None:
        """The bytes at that source position (of a large one its beginning); None if it is gone.

        Raises:
            Stop: the source cannot be reached.
        """
        ...


class JournalEnd(NamedTuple):
    """The end of a partition of the journal. Whoever has read up to `last` has read all of it."""

    last: int
    """The offset behind its last record."""
    end: int
    """The offset behind all: on Kafka, markers of transactions may stand between."""


class JournalEnds(Protocol):
    """Knows how far the journal itself is: what is not read of it is in flight."""

    async def __call__(self) -> Mapping[int, JournalEnd] | None:
        """The end of each partition; None where nobody can say it now."""
        ...


async def ends_unknown() -> Mapping[int, JournalEnd] | None:
    """None: there is nothing to ask."""
    return None


class LagSource(Protocol):
    """Knows who is behind, from the watch."""

    async def __call__(self) -> Lag:
        """The lag now, as far as anybody knows."""
        ...

    async def hour(self) -> History | None:
        """The last hour; None where nobody knows it."""
        ...
