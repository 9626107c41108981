"""Ports of the API to Kafka and to the watches, with the source of lag behind the latter."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple, Protocol

import structlog

from events.lag import History
from services.api.adapters.clock_and_chance import Clock, TtlCache
from services.lag.document import NO_ANSWER, Answer, Lag, lag_of, last_hour
from services.lag.watches import Watches
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
        """The lag of the last hour; None where nobody knows it."""


KEPT_S: Final = 1.0
"""Time for which an answer is cached: many pages ask at once."""

AWAY_S: Final = 5.0
"""The same where a watch does not answer, so that few wait for it."""

HOUR_KEPT_S: Final = 5.0
"""The same of the last hour, which gains a point every ten seconds."""

log: Final = structlog.stdlib.get_logger("ecluse.api")


def lag_source(addresses: Sequence[str], clock: Clock) -> LagSource:
    """The watches at these addresses as a source, or none without addresses."""
    return WatchLag(addresses, clock) if addresses else NoWatch("nobody")


class NoWatch:
    """A source without a watch, and the reason."""

    def __init__(self, asks: Literal["nobody", "one_process"]) -> None:
        self._lag = Lag(asks)

    async def __call__(self) -> Lag:
        return self._lag

    async def hour(self) -> History | None:
        return None


class WatchLag:
    """The watches as a source; each question to them serves all callers of a moment."""

    def __init__(self, addresses: Sequence[str], clock: Clock) -> None:
        self._watches = Watches(addresses)
        self._clock = clock
        self._errors: Mapping[str, str | None] = {}
        """The last error of each watch: a change is logged."""
        self._now = TtlCache(self._ask, clock, _cache_time_s)
        self._past: TtlCache[Sequence[History | None]] = TtlCache(
            self._watches.ask_history, clock, lambda _: HOUR_KEPT_S
        )

    async def __call__(self) -> Lag:
        """The lag; of watches that do not answer their last answer, marked as old."""
        return lag_of(await self._now(), self._clock())

    async def hour(self) -> History | None:
        return last_hour(await self._past(), self._clock())

    async def _ask(self) -> Sequence[Answer]:
        answers = await self._watches.ask()
        errors = {each.address: each.error for each in answers}
        for address, error in errors.items():
            if error != self._errors.get(address):
                log.warning("watch_answer", address=address, error=error)
        self._errors = errors
        return answers


def _cache_time_s(answers: Sequence[Answer]) -> float:
    return AWAY_S if any(each.error == NO_ANSWER for each in answers) else KEPT_S
