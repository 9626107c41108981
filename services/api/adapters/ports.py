"""Ports: what the API needs of Kafka and of the watch."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from typing import NamedTuple, Protocol

from events.lag import History
from services.lag.client.merge import Lag
from services.ledger.application.handle import RawRecord
from services.ledger.domain.journal import Source
from services.runtime.kafka.publishing import Message


class Publisher(Protocol):
    """Takes events that were read and found good, durably."""

    async def publish(self, messages: Iterable[Message]) -> None:
        """Keep every message, those of one budget in their order; return once they are kept.

        Raises:
            Stop: they could not all be kept: whoever sends them again does no harm.
        """


OriginalBytes = Callable[[str, int, int], Awaitable[bytes | None]]
"""Reads a record as it was received, by topic, partition and offset (of a large one its beginning);
None if it is gone. Raises Stop where the source cannot be reached."""


SourceRecords = Callable[[Collection[Source]], Awaitable[Mapping[Source, RawRecord]]]
"""Reads records as they were received, by their place; what is gone is left out. Raises Stop where
the source cannot be reached."""


async def no_source_records(places: Collection[Source]) -> Mapping[Source, RawRecord]:
    """Nothing: there is no source to ask."""
    del places
    return {}


PercentLoaded = Callable[[], int | None]
"""How much is loaded of what is to be loaded first, in per cent; None once all is."""

MarksBehind = Callable[[int, int], Awaitable[Collection[str]]]
"""Reads the places of dead letters that were sent again in a partition of events, from an offset.
Raises Stop where the source cannot be reached."""


async def no_marks(partition: int, offset: int) -> Collection[str]:
    """Nothing: there is no source to ask."""
    del partition, offset
    return ()


class JournalEnd(NamedTuple):
    """The end of a partition of the journal. Whoever has read up to `last` has read all of it."""

    last: int
    """The offset behind its last record."""
    end: int
    """The offset behind all: on Kafka, markers of transactions may stand between."""


JournalEnds = Callable[[], Awaitable[Mapping[int, JournalEnd] | None]]
"""Knows how far each partition of the journal is: what is not read of it is in flight. None where
nobody can say it now."""


class LagSource(Protocol):
    """Knows who is behind, from the watch."""

    async def __call__(self) -> Lag:
        """The lag now, as far as anybody knows."""

    async def hour(self) -> History | None:
        """The last hour; None where nobody knows it."""
