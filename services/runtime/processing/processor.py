"""What a partition task does with its records: what a service brings to it."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from aiokafka.structs import ConsumerRecord

from services.runtime.ops.progress import Progress


class Hold(NamedTuple):
    """A record that the task cannot get past: a bug of ours, until it is mended or quarantined."""

    topic: str
    partition: int
    offset: int
    event_id: str | None
    error: str


class Work(Protocol):
    """One opened partition, in memory. After any error it is thrown away, and opened again.

    Raises:
        ClusterError: what is stored cannot be trusted, or not by this version: the worker stops.
        Fenced: another worker has the partition.
        WriterFailed: the world failed; opening again may help.
    """

    async def open(self) -> dict[str, int]:
        """Become the only writer, restore, check; the next offset of each topic to be read."""
        ...

    def handle(self, record: ConsumerRecord) -> None:
        """Take one record; any exception is a bug of ours."""
        ...

    @property
    def is_full(self) -> bool:
        """Whether what was handled since the last commit is enough for one transaction."""
        ...

    async def commit(self) -> None:
        """Write all that was handled since the last commit, and how far it was read: or nothing."""
        ...

    @property
    def told(self) -> Mapping[str, int] | None:
        """How many outcomes the last commit told, by the topic of the records whose they are.

        Each record has one, once: what it waited for and got later is no second one. Counted from
        what was written, not from what was read. None where this work tells none.
        """
        ...

    async def settle(self) -> None:
        """See to it, now and then while nothing comes, that what was committed has ended."""
        ...

    async def hold(self, hold: Hold) -> None:
        """Write down that the partition stands before this record, for all to see."""
        ...

    async def was_moved(self) -> bool:
        """Whether somebody else has written since `hold`: the record is out of the way."""
        ...

    async def close(self) -> None:
        """Let go of all connections; never raises."""
        ...

    def name_of(self, record: ConsumerRecord) -> str | None:
        """What the sender calls a record, where that can be told."""
        ...

    def time_of(self, record: ConsumerRecord) -> float | None:
        """When its event happened, in seconds since 1970, where that can be told.

        It is asked of the first and the last record of a batch; never raises.
        """
        ...


WorkFactory = Callable[[int, Progress], Work]
"""Makes the work of a partition number."""
