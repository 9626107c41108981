"""Kafka clients with our settings: read_committed, no offset resets, bounded waits."""

import importlib
from collections.abc import Callable, Collection, Iterable, Sequence
from functools import partial
from typing import Any, Final, Literal, NamedTuple
from weakref import WeakKeyDictionary

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.client import AIOKafkaClient
from aiokafka.codec import lz4_encode, zstd_encode
from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.coordinator.assignors.sticky.sticky_assignor import StickyPartitionAssignor
from aiokafka.errors import (
    IllegalStateError,
    KafkaConnectionError,
    NodeNotReadyError,
    TopicAuthorizationFailedError,
    UnknownMemberIdError,
    kafka_errors,
)
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.producer.sender import BACKOFF_OVERRIDE, AddPartitionsToTxnHandler
from aiokafka.producer.transaction_manager import TransactionManager
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record import default_records
from aiokafka.record.control_record import ABORT_MARKER, ControlRecord
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from services.runtime.kafka.header_names import read_any_header_name
from services.runtime.kafka.security import security_arguments
from services.runtime.ops.clock import wall_clock
from services.runtime.ops.settings import Settings

RECORD_BYTES_MAX: Final = 16 * 1024 * 1024
"""The largest record of any of our topics."""

BATCH_BYTES: Final = 1024 * 1024
"""The size limit of a record batch; a larger record is sent alone."""

LZ4_LEVEL: Final = 1
"""At aiokafka's own level, 9, a batch takes nine times as long, for 10 to 20 % fewer bytes."""

ZSTD_LEVEL: Final = 1
"""At aiokafka's own level, 3, a batch of our records takes nearly twice as long, and an eighth more
room."""

BEGIN_RETRY_S: Final = 0.005
"""The pause before a transaction is begun again where the coordinator still ends the former one:
its markers are written by then, and what is left takes a millisecond or two."""

BEGIN_RETRIES: Final = 10
"""The number of such pauses: after them aiokafka's own, four times as long, since a replica that
just went may keep a coordinator waiting for seconds."""

Isolation = Literal["read_committed", "read_uncommitted"]

REQUEST_TIMEOUT_S: Final = 10.0
"""The time-out of one request."""

CONNECT_TIMEOUT_S: Final = 5.0
"""The same for each step of a connection: of several brokers another is asked then, and one whose
machine is away answers nothing at all."""

FETCH_WAIT_S: Final = 0.5
"""The time that the broker holds an empty fetch of a task that waits for records."""

QUICK_FETCH_WAIT_S: Final = 0.02
"""The same for look-ups: other requests wait behind such a fetch."""

# A member polls no records through the group: each task has a reader of its own. Stuck tasks are
# found by our own watchdog, not by aiokafka's poll interval.
NEVER_MS: Final = 2**31 - 1


FOLLOWERS_ANSWER: Final = 11
"""The version of a fetch from which on followers answer it."""

FENCED_INSTANCE_ID: Final = 82
"""The broker's code for a join under an id that a later join of the same name has replaced."""


def _ends_an_aborted_transaction(_records: PartitionRecords, batch: Any) -> bool:
    """Return whether a control batch is an abort marker; an empty one is.

    Compaction may empty the control batch of an abort marker, and aiokafka 0.14 then fails for ever
    ("Control batch did not contain any records"). Between the first record of an aborted
    transaction and its marker a producer writes no other marker, so an empty one is that marker.
    """
    record = next(batch, None)
    return record is None or bool(ControlRecord.parse(record.key) == ABORT_MARKER)


def guard_abort_markers() -> None:
    """Let every consumer of this process step over empty control batches."""
    PartitionRecords._contains_abort_marker = _ends_an_aborted_transaction  # noqa: SLF001


def fetch_from_leaders() -> None:
    """Let every consumer of this process fetch from a partition's leader alone.

    From version 11 of the request on (KIP-392) a follower answers as well. One that has just come
    back is behind, and answers a client that still takes it for the leader that the offset is out
    of range. Asked in version 10 it answers that it is not the leader, which is then looked up.
    """
    classes = FetchRequest._CLASSES  # noqa: SLF001
    leaders_only = (each for each in classes if each.API_VERSION < FOLLOWERS_ANSWER)
    FetchRequest._CLASSES = tuple(leaders_only)  # noqa: SLF001


def compress_quickly() -> None:
    """Let every producer of this process compress at our levels: aiokafka has no option."""
    builder = importlib.import_module(default_records.DefaultRecordBatchBuilder.__module__)
    builder.lz4_encode = partial(lz4_encode, level=LZ4_LEVEL)  # type: ignore[attr-defined]
    builder.zstd_encode = partial(zstd_encode, level=ZSTD_LEVEL)  # type: ignore[attr-defined]


_send: Final = AIOKafkaConnection.send
_connect: Final = AIOKafkaConnection.connect
_coordinator_lookup: Final = AIOKafkaClient.coordinator_lookup
_random_node: Final = AIOKafkaClient.get_random_node
_last_asked: Final = WeakKeyDictionary[AIOKafkaClient, int]()
"""The broker that each client asked last, where any could have answered."""
_partitions_added: Final = AddPartitionsToTxnHandler.handle_response
_begun_again: Final = WeakKeyDictionary[TransactionManager, int]()
"""The number of answers in a row, by producer, that its former transaction still ends."""


def _send_or_close(connection: AIOKafkaConnection, *args: Any, **options: Any) -> Any:
    """Send; report a connection that uvloop has closed meanwhile as broken.

    aiokafka expects an OSError there; uvloop raises RuntimeError, which callers take for a bug.
    """
    try:
        return _send(connection, *args, **options)
    except RuntimeError as error:
        connection.close(reason=CloseReason.CONNECTION_BROKEN)
        raise KafkaConnectionError(str(error)) from error


async def _connect_or_give_up(connection: AIOKafkaConnection) -> Any:
    """Connect; aiokafka waits as long as for an answer, and a start makes one after the other."""
    limit_s = connection._request_timeout  # noqa: SLF001
    connection._request_timeout = min(limit_s, CONNECT_TIMEOUT_S)  # noqa: SLF001
    try:
        return await _connect(connection)
    finally:
        connection._request_timeout = limit_s  # noqa: SLF001


async def _lookup_or_raise(client: AIOKafkaClient, *args: Any) -> Any:
    """Look a coordinator up; raise where no broker is known: aiokafka asserts instead."""
    if not client.cluster.brokers():
        raise NodeNotReadyError("no broker is known")
    return await _coordinator_lookup(client, *args)


def _next_broker(client: AIOKafkaClient) -> int | None:
    """Return the next broker, for requests that any can answer: the last one may be down.

    aiokafka chooses at random, and may ask one that is down again and again.
    """
    last = _last_asked.get(client)
    chosen: int | None
    if last is None:
        chosen = _random_node(client)  # Else all clients would ask the same one first.
    else:
        nodes = sorted(each.nodeId for each in client.cluster.brokers())
        chosen = next((each for each in nodes if each > last), nodes[0] if nodes else None)
    if chosen is not None:
        _last_asked[client] = chosen
    return chosen


def _begin_again_soon(handler: AddPartitionsToTxnHandler, answer: Any) -> float | None:
    """Return the pause before the next attempt, if there must be one."""
    pause_s: float | None = _partitions_added(handler, answer)
    manager = handler._sender._txn_manager  # noqa: SLF001
    if pause_s != BACKOFF_OVERRIDE:
        _begun_again.pop(manager, None)
        return pause_s
    _begun_again[manager] = _begun_again.get(manager, 0) + 1
    return BEGIN_RETRY_S if _begun_again[manager] <= BEGIN_RETRIES else pause_s


def begin_quickly() -> None:
    """Let every producer of this process begin a transaction soon after the former one."""
    AddPartitionsToTxnHandler.handle_response = _begin_again_soon


def last_asked_broker(client: AIOKafkaClient) -> str | None:
    """Name the broker last asked where any could answer; None before the first."""
    node = _last_asked.get(client)
    broker = None if node is None else client.cluster.broker_metadata(node)
    return None if broker is None else f"broker {node} ({broker.host}:{broker.port})"


def find_refused_topics(
    consumer: AIOKafkaConsumer, topics: Collection[str]
) -> TopicAuthorizationFailedError | None:
    """Return the error for those of these topics that this principal may not describe.

    aiokafka only logs it: a request for offsets then waits until a time-out, and a group assigns no
    partition of such a topic.
    """
    refused = consumer._client.cluster.unauthorized_topics.intersection(topics)  # noqa: SLF001
    return TopicAuthorizationFailedError(*sorted(refused)) if refused else None


def tolerate_broker_restarts() -> None:
    """Let the clients of this process survive the restart of a broker."""
    AIOKafkaConnection.connect = _connect_or_give_up
    AIOKafkaConnection.send = _send_or_close
    AIOKafkaClient.coordinator_lookup = _lookup_or_raise
    AIOKafkaClient.get_random_node = _next_broker


def rejoin_where_fenced() -> None:
    """Let the members of this process join anew where they are fenced; aiokafka knows no such code.

    The later join may be our own: one that waited in the network while we sent the next. Of two
    processes of one name each joins anew again and again: `refusals.JoinAttempts` counts it.
    """
    kafka_errors[FENCED_INSTANCE_ID] = UnknownMemberIdError


def connection_arguments(settings: Settings) -> dict[str, Any]:
    """The arguments of every client of a cluster: its address, our name, TLS and login.

    Raises:
        ClusterError: settings of TLS or login contradict each other, or a file is of no use.
    """
    return {
        "bootstrap_servers": settings.bootstrap_servers,
        "client_id": f"ecluse-{settings.instance}",
        **security_arguments(settings),
    }


def make_reader(
    settings: Settings, fetch_wait_s: float, isolation: Isolation = "read_committed"
) -> AIOKafkaConsumer:
    """A consumer outside any group: its partitions are assigned by hand, its offsets are sought."""
    guard_abort_markers()
    fetch_from_leaders()
    read_any_header_name()
    tolerate_broker_restarts()
    return AIOKafkaConsumer(
        **connection_arguments(settings),
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level=isolation,
        request_timeout_ms=_ms(REQUEST_TIMEOUT_S),
        fetch_max_wait_ms=_ms(fetch_wait_s),
        max_partition_fetch_bytes=RECORD_BYTES_MAX,
        metadata_max_age_ms=60_000,
    )


def make_member(settings: Settings, group: str, topic: str, listener: Any) -> AIOKafkaConsumer:
    """A member of a group, which only learns what it owns: static, sticky, never reading."""
    tolerate_broker_restarts()
    rejoin_where_fenced()
    consumer = AIOKafkaConsumer(
        **connection_arguments(settings),
        group_id=group,
        group_instance_id=settings.instance,
        enable_auto_commit=False,
        auto_offset_reset="none",
        isolation_level="read_committed",
        partition_assignment_strategy=(StickyPartitionAssignor,),
        session_timeout_ms=_ms(settings.session_timeout_s),
        heartbeat_interval_ms=_ms(settings.session_timeout_s / 4),
        request_timeout_ms=_ms(REQUEST_TIMEOUT_S + settings.session_timeout_s),
        max_poll_interval_ms=NEVER_MS,
        rebalance_timeout_ms=_ms(settings.session_timeout_s * 3),
        metadata_max_age_ms=60_000,
    )
    consumer.subscribe([topic], listener=listener)
    return consumer


def member_id(member: AIOKafkaConsumer) -> str | None:
    """The group's id of a member: a new one after each rejoin."""
    coordinator = member._coordinator  # noqa: SLF001
    return None if coordinator is None else str(coordinator.member_id)


def rejoin(member: AIOKafkaConsumer) -> None:
    """Let a member rejoin its group: from the leader, that is a new assignment for all."""
    member._coordinator.request_rejoin()  # noqa: SLF001


async def commit_for(
    member: AIOKafkaConsumer, offsets: dict[TopicPartition, OffsetAndMetadata]
) -> None:
    """Commit offsets of a member's group, also for topics that it does not subscribe to.

    Those are in no assignment, and aiokafka's own `commit` refuses them; the broker does not.

    Raises:
        KafkaError: the group has moved on, or has no answer.
    """
    subscription = member._subscription.subscription  # noqa: SLF001
    coordinator = member._coordinator  # noqa: SLF001
    if coordinator is None or subscription is None or subscription.assignment is None:
        raise IllegalStateError("no member of a group yet")
    await coordinator.commit_offsets(subscription.assignment, offsets)


def make_writer(settings: Settings, transactional_id: str) -> AIOKafkaProducer:
    """A transactional producer; starting it fences whoever wrote under the same id.

    It sends whole batches, as `make_batch` makes them: sizes and codec are theirs.
    """
    compress_quickly()
    begin_quickly()
    tolerate_broker_restarts()
    return AIOKafkaProducer(
        **connection_arguments(settings),
        transactional_id=transactional_id,
        transaction_timeout_ms=_ms(settings.transaction_timeout_s),
        request_timeout_ms=_ms(min(REQUEST_TIMEOUT_S, settings.transaction_timeout_s)),
    )


class Clients(NamedTuple):
    """The factories of a task's clients: those of Kafka, or a simulation's."""

    reader: Callable[[Settings, float, Isolation], Any]
    """Makes what `make_reader` makes."""

    writer: Callable[[Settings, str], Any]
    """Makes what `make_writer` makes."""


KAFKA: Final = Clients(make_reader, make_writer)


def make_batch(codec: str) -> BatchBuilder:
    """An empty batch of a transaction; its records are compressed by the codec of that name."""
    _, attributes = AIOKafkaProducer._COMPRESSORS[codec]  # noqa: SLF001
    return BatchBuilder(BATCH_BYTES, attributes, is_transactional=True)


Headers = Sequence[tuple[str, bytes | None]]
"""A record's headers."""

Outgoing = tuple[bytes | None, bytes | None, Headers]
"""The key, value and headers of a record to be written; a value of None removes the key from a
compacted topic. A plain tuple: thousands are made in each transaction."""


def fill(batch: BatchBuilder, records: Iterable[Outgoing]) -> int:
    """Fill an empty batch with records; return how many fit.

    All get the present time. aiokafka's own `append` takes keywords, serializers and the clock to
    each record: as much again as the compiled builder beneath it.
    """
    append, at_ms, count = batch._builder.append, int(wall_clock() * 1000), 0  # noqa: SLF001
    former: Headers = ()
    as_list: list[tuple[str, bytes | None]] = []
    for key, value, headers in records:
        if headers is not former:  # Most records of a topic share theirs.
            former, as_list = headers, list(headers)
        if append(count, at_ms, key, value, as_list) is None:
            batch.close()
            break
        count += 1
    batch._relative_offset = count  # noqa: SLF001
    return count


def _ms(seconds: float) -> int:
    return int(seconds * 1000)
