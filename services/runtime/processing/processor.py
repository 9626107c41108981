"""The interface of a service to the partition task: a processor of its records."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from aiokafka.structs import ConsumerRecord

from services.runtime.ops.watchdog import Progress


class Hold(NamedTuple):
    """A record that the task cannot process, because of a bug, until a fix or a quarantine."""

    topic: str
    partition: int
    offset: int
    event_id: str | None
    error: str


class Processor(Protocol):
    """One opened partition, in memory. After any error it is discarded and opened again.

    Raises:
        ClusterError: stored state cannot be trusted, or not by this version: the worker stops.
        FencedError: another worker has the partition.
        WriterFailed: Kafka or the database failed; opening again may help.
    """

    async def open(self) -> dict[str, int]:
        """Fence other writers, restore, check; return the next offset of each topic."""
        ...

    def handle(self, record: ConsumerRecord) -> None:
        """Process one record; any exception is a bug of ours."""
        ...

    @property
    def is_full(self) -> bool:
        """True where the records handled since the last commit are enough for one transaction."""
        ...

    async def commit(self) -> None:
        """Commit the results and the positions of all records handled since the last commit."""
        ...

    @property
    def outcomes(self) -> Mapping[str, int] | None:
        """Outcomes written by the last transaction, per source topic.

        Later outcomes of the same record are not counted, so each input record counts once.
        None for a processor that writes no outcomes.
        """
        ...

    async def settle(self) -> None:
        """Check, from time to time while idle, that the last transaction has ended."""
        ...

    async def hold(self, hold: Hold) -> None:
        """Store that the partition is held before this record, for operators to see."""
        ...

    async def was_moved(self) -> bool:
        """Return whether another writer has written since `hold`, and so moved the partition on."""
        ...

    async def close(self) -> None:
        """Close all connections; never raises."""
        ...

    def name_of(self, record: ConsumerRecord) -> str | None:
        """Return the sender's id of a record, if it can be read."""
        ...

    def time_of(self, record: ConsumerRecord) -> float | None:
        """Return the event time of a record, in seconds since 1970, if it can be read.

        Called for the first and the last record of a batch; never raises.
        """
        ...


ProcessorFactory = Callable[[int, Progress], Processor]
"""Makes the processor of a partition number."""
