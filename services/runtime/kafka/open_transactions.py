"""Requests to partition leaders: describe open transactions, and write an end marker.

aiokafka knows neither request; they are those of Kafka's own `kafka-transactions.sh`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Final, NamedTuple

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import LeaderNotAvailableError, for_code
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Int64,
    Schema,
    TaggedFields,
)
from aiokafka.structs import TopicPartition

from services.runtime.ops.errors import place_name


class OpenTransaction(NamedTuple):
    """A transaction that is open in a partition, as its leader describes it."""

    place: TopicPartition
    first_offset: int
    """The offset of its first record in this partition: committed reads stop there."""

    producer_id: int
    producer_epoch: int
    coordinator_epoch: int


_TEXT: Final = CompactString("utf-8")
_TAGS: Final = ("tags", TaggedFields)
_ASKED: Final = (
    "topics",
    CompactArray(("name", _TEXT), ("partition_indexes", CompactArray(Int32)), _TAGS),
)
"""The partitions of a request."""


def _make_answer_schema(*more: tuple[str, Any]) -> tuple[str, Any]:
    """The partitions of an answer, each with its error code and more."""
    partition = (("partition_index", Int32), ("error_code", Int16), *more, _TAGS)
    return (
        "topics",
        CompactArray(("name", _TEXT), ("partitions", CompactArray(*partition)), _TAGS),
    )


class _DescribeProducersResponse(Response):
    API_KEY = 61
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        _make_answer_schema(
            ("error_message", _TEXT),
            (
                "active_producers",
                CompactArray(
                    ("producer_id", Int64),
                    ("producer_epoch", Int32),
                    ("last_sequence", Int32),
                    ("last_timestamp", Int64),
                    ("coordinator_epoch", Int32),
                    ("current_txn_start_offset", Int64),
                    _TAGS,
                ),
            ),
        ),
        _TAGS,
    )


class _DescribeProducers(RequestStruct):
    API_KEY = 61
    API_VERSION = 0
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _DescribeProducersResponse
    SCHEMA = Schema(_ASKED, _TAGS)


class _DescribeProducersRequest(Request[_DescribeProducers]):
    """The producers of these partitions, with the first offsets of their open transactions."""

    API_KEY = 61

    def __init__(self, places: Sequence[TopicPartition]) -> None:
        self._places = places

    def build(self, request_struct_class: type[_DescribeProducers]) -> _DescribeProducers:
        return request_struct_class([(*_spell_place(place), {}) for place in self._places], {})


class _WriteTxnMarkersResponse(Response):
    API_KEY = 27
    API_VERSION = 1
    SCHEMA = Schema(
        ("markers", CompactArray(("producer_id", Int64), _make_answer_schema(), _TAGS)), _TAGS
    )


class _WriteTxnMarkers(RequestStruct):
    API_KEY = 27
    API_VERSION = 1
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _WriteTxnMarkersResponse
    SCHEMA = Schema(
        (
            "markers",
            CompactArray(
                ("producer_id", Int64),
                ("producer_epoch", Int16),
                ("transaction_result", Boolean),
                _ASKED,
                ("coordinator_epoch", Int32),
                _TAGS,
            ),
        ),
        _TAGS,
    )


class WriteTxnMarkersRequest(Request[_WriteTxnMarkers]):
    """The end of one transaction in one partition."""

    API_KEY = 27

    def __init__(self, transaction: OpenTransaction, *, committed: bool) -> None:
        self._transaction = transaction
        self._committed = committed

    def build(self, request_struct_class: type[_WriteTxnMarkers]) -> _WriteTxnMarkers:
        place, _, producer_id, producer_epoch, coordinator_epoch = self._transaction
        marker: tuple[object, ...] = (
            producer_id,
            producer_epoch,
            self._committed,
            [(*_spell_place(place), {})],
            coordinator_epoch,
            {},
        )
        return request_struct_class([marker], {})


def _spell_place(place: TopicPartition) -> tuple[str, list[int]]:
    return place.topic, [place.partition]


async def open_transactions(
    client: AIOKafkaClient, places: Collection[TopicPartition]
) -> list[OpenTransaction]:
    """The transactions that are open in these partitions at this moment."""
    return [each for each, _written_ms in await last_written(client, places)]


async def last_written(
    client: AIOKafkaClient, places: Collection[TopicPartition]
) -> list[tuple[OpenTransaction, int]]:
    """The same, each with the time of its producer's last record there, in ms since 1970."""
    by_leader: dict[int, list[TopicPartition]] = defaultdict(list)
    for place in places:
        by_leader[await _leader_of(client, place)].append(place)
    found: list[tuple[OpenTransaction, int]] = []
    for leader, theirs in by_leader.items():
        answer = await client.send(leader, _DescribeProducersRequest(theirs))
        found += _open_in(answer)
    return found


async def end_transaction(
    client: AIOKafkaClient, transaction: OpenTransaction, *, committed: bool
) -> None:
    """Write the marker that ends a transaction in its partition, where its coordinator did not.

    Raises:
        KafkaError: the marker was not written; ClusterAuthorizationFailedError where this process
            may not: the right is CLUSTER_ACTION on the cluster.
    """
    leader = await _leader_of(client, transaction.place)
    request = WriteTxnMarkersRequest(transaction, committed=committed)
    answer = await client.send(leader, request)
    for _, topics, _ in answer.markers:
        for _, partitions, _ in topics:
            for _, error_code, _ in partitions:
                _check(error_code, transaction.place)


async def _leader_of(client: AIOKafkaClient, place: TopicPartition) -> int:
    await client._wait_on_metadata(place.topic)  # noqa: SLF001
    leader: int | None = client.cluster.leader_for_partition(place)
    if leader is None or leader < 0:
        raise LeaderNotAvailableError(place_name(place))
    return leader


def _open_in(answer: Any) -> Iterator[tuple[OpenTransaction, int]]:
    for topic, partitions, _ in answer.topics:
        for partition, error_code, _, producers, _ in partitions:
            place = TopicPartition(topic, partition)
            _check(error_code, place)
            for producer_id, epoch, _, written_ms, coordinator_epoch, first_offset, _ in producers:
                if first_offset >= 0:
                    found = place, first_offset, producer_id, epoch, coordinator_epoch
                    yield OpenTransaction(*found), written_ms


def _check(error_code: int, place: TopicPartition) -> None:
    if error_code != 0:
        raise for_code(error_code)(place_name(place))
