"""Whole topics, read committed and from the first record to the present end; every wait has one.

Header names that are not UTF-8, at which aiokafka's compiled reader fails, are read with escapes.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from typing import Any, Final, Self, TypeVar

from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.consumer import fetcher
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.errors import KafkaConnectionError, KafkaError, KafkaTimeoutError, for_code
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record import memory_records
from aiokafka.record.control_record import ABORT_MARKER, ControlRecord
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy
from aiokafka.structs import ConsumerRecord, TopicPartition

from events.texts import _, verbatim
from services.verifier.findings import UnreachableError
from services.verifier.kafka_records import RECORD_BYTES_MAX

ANSWER_S: Final = 20.0
"""Seconds that one answer may take."""

REQUEST_S: Final = 10.0
"""Seconds that one broker may take: then another is asked."""

PLAIN: Final[Mapping[str, Any]] = {}
"""The arguments of connections without TLS and login."""

GIVE_UP_S: Final = 600.0
"""Seconds of retries, unless the caller says otherwise."""

RETRY_S: Final = 0.5
SILENT_S: Final = 30.0
"""Seconds without a record before the end is reached, after which reading fails."""

POLL_S: Final = 0.05
"""Seconds that one poll waits: behind the last record may be markers alone."""

CHUNK_RECORDS: Final = 2_000
"""Records of one poll: few enough to bound memory."""

FOLLOWERS_ANSWER: Final = 11
"""The version of a fetch from which on Kafka has followers answer it."""

NOT_READ: Final = _(
    "topics that cannot be read ({error}): {names}. Were they created (ecluse topics apply)?"
)
SILENT: Final = _("{where}: nothing came for {limit_s:g} s, at offset {position} of {end}")
AT_CLUSTER: Final = _("{cluster}: {why}")

log: Final = logging.getLogger("ecluse.verifier")

Result = TypeVar("Result")


class Cluster:
    """A cluster to be read, outside any group; it is entered with `async with`.

    While one of its brokers is away or slow it is asked again, for `give_up_s`.

    Raises:
        UnreachableError: from any method, when the cluster does not answer or lacks a topic.
    """

    def __init__(
        self,
        bootstrap: str,
        give_up_s: float = GIVE_UP_S,
        security: Mapping[str, Any] = PLAIN,
    ) -> None:
        _guard_abort_markers()
        _fetch_from_leaders()
        self._where = bootstrap
        self._give_up_s = give_up_s
        self._is_connected = False
        self._has_reported = False
        self._admin = AIOKafkaAdminClient(
            bootstrap_servers=bootstrap, request_timeout_ms=_ms(REQUEST_S), **security
        )
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=bootstrap,
            **security,
            group_id=None,
            enable_auto_commit=False,
            auto_offset_reset="none",
            isolation_level="read_committed",
            request_timeout_ms=_ms(REQUEST_S),
            fetch_max_wait_ms=_ms(POLL_S),
            max_partition_fetch_bytes=RECORD_BYTES_MAX,
        )
        self._bounds: dict[TopicPartition, tuple[int, int]] = {}

    async def __aenter__(self) -> Self:
        """Connect; nothing is read yet."""
        try:
            await self._retry(self._admin.start)
            await self._retry(self._consumer.start)
            self._is_connected = True
        except BaseException:
            await self.__aexit__()
            raise
        return self

    async def __aexit__(self, *_error: object) -> None:
        """Let go of the connections."""
        self._give_up_s = 0.0
        await self._retry(self._consumer.stop)
        await self._retry(self._admin.close)

    async def partitions(self, topics: Collection[str]) -> dict[str, int]:
        """The number of partitions of each topic."""
        described = await self._retry(lambda: self._admin.describe_topics(list(topics)))
        missing = {each["topic"]: each["error_code"] for each in described if each["error_code"]}
        if missing:
            names = ", ".join(sorted(missing))
            error = for_code(min(missing.values())).__name__
            raise UnreachableError(NOT_READ.render({"error": error, "names": names}))
        return {each["topic"]: len(each["partitions"]) for each in described}

    async def point_at(self, places: Collection[TopicPartition]) -> None:
        """Say what will be read, once and for all: where each place starts, and ends now."""
        # All at once: aiokafka takes seconds to find a topic that is assigned later.
        self._consumer.assign(list(places))
        for place in places:
            self._consumer.seek(place, 0)
        self._consumer.pause(*places)
        first = await self._retry(lambda: self._consumer.beginning_offsets(list(places)))
        end = await self._retry(lambda: self._consumer.end_offsets(list(places)))
        self._bounds = {place: (first[place], end[place]) for place in places}

    def first_offset(self, place: TopicPartition) -> int:
        """The first offset of a partition: older records are beyond its retention."""
        return self._bounds[place][0]

    def length(self) -> int:
        """The number of offsets to read: a little more than records."""
        return sum(end - first for first, end in self._bounds.values())

    async def read(self, place: TopicPartition) -> AsyncIterator[list[ConsumerRecord]]:
        """Read all committed records of one place, in their order."""
        first, end = self._bounds[place]
        self._consumer.seek(place, first)
        self._consumer.resume(place)
        silent_s = 0.0
        position = first
        while position < end:
            try:
                taken = await self._retry(
                    lambda: self._consumer.getmany(
                        place, timeout_ms=_ms(POLL_S), max_records=CHUNK_RECORDS
                    )
                )
            except UnicodeDecodeError:
                # aiokafka's quick reader fails at the name of a header, for ever.
                read_any_header_name()
                self._consumer.seek(place, position)
                continue
            if records := taken.get(place):
                yield [record for record in records if record.offset < end]
            before, position = position, await self._retry(lambda: self._consumer.position(place))
            silent_s = 0.0 if position > before else silent_s + POLL_S
            if silent_s > SILENT_S:
                where = f"{place.topic}/{place.partition}"
                facts = {"where": where, "limit_s": SILENT_S, "position": position, "end": end}
                raise UnreachableError(SILENT.render(facts))
        self._consumer.pause(place)

    async def _retry(self, ask: Callable[[], Awaitable[Result]]) -> Result:
        loop = asyncio.get_running_loop()
        until_s = loop.time() + self._give_up_s
        while True:
            try:
                return await asyncio.wait_for(ask(), ANSWER_S)
            except (TimeoutError, KafkaError) as error:
                failure = self._unreachable(error)
                if loop.time() > until_s or not self._may_change(error):
                    raise failure from error
                if not self._has_reported:
                    log.warning("waiting for %g s at most: %s", self._give_up_s, failure)
                    self._has_reported = True
            await asyncio.sleep(RETRY_S)

    def _may_change(self, error: TimeoutError | KafkaError) -> bool:
        """Return whether another broker may answer, or this one later."""
        if isinstance(error, KafkaConnectionError):
            return self._is_connected  # Else nobody listens at any of the addresses.
        return isinstance(error, TimeoutError | KafkaTimeoutError) or bool(error.retriable)

    def _unreachable(self, error: TimeoutError | KafkaError) -> UnreachableError:
        match error:
            case TimeoutError():
                why = _("no answer in {limit_s:g} s").render({"limit_s": ANSWER_S})
            case KafkaConnectionError():
                why = _("no Kafka at this address ({error})").render({"error": error})
            case _:
                why = verbatim(repr(error))
        return UnreachableError(AT_CLUSTER.render({"cluster": self._where, "why": why}))


def _ends_an_aborted_transaction(_records: PartitionRecords, batch: Any) -> bool:
    """Return whether a control batch is an abort marker; an emptied one is."""
    record = next(batch, None)
    return record is None or bool(ControlRecord.parse(record.key) == ABORT_MARKER)


def _guard_abort_markers() -> None:
    """Step over empty control batches, on which aiokafka 0.14 fails for ever.

    Compaction leaves them in the balances where a transaction was aborted.
    """
    PartitionRecords._contains_abort_marker = _ends_an_aborted_transaction  # noqa: SLF001


def _fetch_from_leaders() -> None:
    """Fetch from leaders alone: a follower that lags answers that the offset is out of range."""
    leaders_only = (each for each in FetchRequest._CLASSES if each.API_VERSION < FOLLOWERS_ANSWER)  # noqa: SLF001
    FetchRequest._CLASSES = tuple(leaders_only)  # noqa: SLF001


def _ms(seconds: float) -> int:
    return int(seconds * 1000)


class _Escaping(bytearray):
    """Bytes whose parts become text with escapes in place of what is not UTF-8."""

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return _Escaping(found) if isinstance(at, slice) else found

    def decode(self, encoding: str = "utf-8", _errors: str = "") -> str:
        return super().decode(encoding, "backslashreplace")


class _Batch(_DefaultRecordBatchPy):  # type: ignore[misc] # it is final, and has no option
    def _maybe_uncompress(self) -> None:
        super()._maybe_uncompress()
        self._buffer: bytearray = _Escaping(self._buffer)


def read_any_header_name() -> None:
    """Let consumers of this process read batches in Python from now on, escapes included."""
    memory_records.DefaultRecordBatch = _Batch
    fetcher.MemoryRecords = _MemoryRecordsPy
