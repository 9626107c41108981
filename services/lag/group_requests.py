"""Requests about consumer groups, their offsets and members: one for all groups of a coordinator.

aiokafka asks for one group at a time, takes an error for an empty answer, and decodes an answer
about several groups wrongly; so the messages are defined here, as Kafka's protocol has them.
"""

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any, Final, NamedTuple, cast

from aiokafka.coordinator.protocol import ConsumerProtocol, ConsumerProtocolMemberAssignment
from aiokafka.protocol.abstract import AbstractType
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactBytes,
    CompactString,
    Int16,
    Int32,
    Int64,
    Schema,
    TaggedFields,
)
from aiokafka.structs import TopicPartition

CONSUMERS: Final = ConsumerProtocol.PROTOCOL_TYPE
"""The protocol of groups whose assignments can be decoded here."""

_TEXT: Final = CompactString("utf-8")
_TAGS: Final = ("tags", TaggedFields)

REBALANCING: Final = frozenset(
    {"PreparingRebalance", "CompletingRebalance", "Assigning", "Reconciling"}
)
"""The states of a rebalancing group, by either protocol."""

DEAD: Final = "Dead"
"""The state of a group that does not exist, and of one of the newer protocol."""


class CommittedOffset(NamedTuple):
    """The committed offset of a group in one partition, with its metadata."""

    offset: int
    metadata: str | None


class Group(NamedTuple):
    """The members of a group, and their partitions."""

    state: str
    members: int
    owners: dict[TopicPartition, str]
    """By partition, the instance id of its member; without one, the client id."""

    @property
    def rebalancing(self) -> bool:
        """True if it is rebalancing."""
        return self.state in REBALANCING


def _many(name: str, *fields: tuple[str, Any]) -> tuple[str, Any]:
    return name, CompactArray(*fields, _TAGS)


def _texts(*names: str) -> list[tuple[str, Any]]:
    return [(name, _TEXT) for name in names]


def _define_answer(*fields: tuple[str, Any]) -> Schema:
    """An answer about groups."""
    return Schema(("throttle_time_ms", Int32), _many("groups", *fields), _TAGS)


class _OffsetFetchResponse(Response):
    API_KEY = 9
    API_VERSION = 8
    SCHEMA = _define_answer(
        ("group_id", _TEXT),
        _many(
            "topics",
            ("name", _TEXT),
            _many(
                "partitions",
                ("partition_index", Int32),
                ("committed_offset", Int64),
                ("committed_leader_epoch", Int32),
                ("metadata", _TEXT),
                ("error_code", Int16),
            ),
        ),
        ("error_code", Int16),
    )


class _OffsetFetch(RequestStruct):
    API_KEY = 9
    API_VERSION = 8
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _OffsetFetchResponse
    SCHEMA = Schema(
        _many(
            "groups",
            ("group_id", _TEXT),
            _many("topics", ("name", _TEXT), ("partition_indexes", CompactArray(Int32))),
        ),
        ("require_stable", Boolean),
        _TAGS,
    )


class OffsetFetchRequest(Request[_OffsetFetch]):
    """Request for all committed offsets of these groups."""

    API_KEY = 9

    def __init__(self, groups: Sequence[str]) -> None:
        self._groups = groups

    def build(self, request_struct_class: type[_OffsetFetch]) -> _OffsetFetch:
        return request_struct_class([(group, None, {}) for group in self._groups], False, {})


class _DescribeGroupsResponse(Response):
    API_KEY = 15
    API_VERSION = 5
    SCHEMA = _define_answer(
        ("error_code", Int16),
        *_texts("group_id", "group_state", "protocol_type", "protocol_data"),
        _many(
            "members",
            *_texts("member_id", "group_instance_id", "client_id", "client_host"),
            ("member_metadata", CompactBytes),
            ("member_assignment", CompactBytes),
        ),
        ("authorized_operations", Int32),
    )


class _DescribeGroups(RequestStruct):
    API_KEY = 15
    API_VERSION = 5
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _DescribeGroupsResponse
    SCHEMA = Schema(
        ("groups", CompactArray(_TEXT)), ("include_authorized_operations", Boolean), _TAGS
    )


class DescribeGroupsRequest(Request[_DescribeGroups]):
    """Request for the members of these groups, and for what this principal may do with them."""

    API_KEY = 15

    def __init__(self, groups: Sequence[str], *, with_operations: bool = False) -> None:
        self._groups = groups
        self._with_operations = with_operations

    def build(self, request_struct_class: type[_DescribeGroups]) -> _DescribeGroups:
        return request_struct_class(self._groups, self._with_operations, {})


class _Uuid(AbstractType[bytes]):  # aiokafka has none
    @classmethod
    def encode(cls, value: bytes) -> bytes:
        return value

    @classmethod
    def decode(cls, data: BytesIO) -> bytes:
        return data.read(16)


_ASSIGNMENT: Final = Schema(
    _many(
        "topic_partitions",
        ("topic_id", _Uuid),
        ("topic_name", _TEXT),
        ("partitions", CompactArray(Int32)),
    ),
    _TAGS,
)


class _ConsumerGroupDescribeResponse(Response):
    API_KEY = 69
    API_VERSION = 0
    SCHEMA = _define_answer(
        ("error_code", Int16),
        *_texts("error_message", "group_id", "group_state"),
        ("group_epoch", Int32),
        ("assignment_epoch", Int32),
        ("assignor_name", _TEXT),
        _many(
            "members",
            *_texts("member_id", "instance_id", "rack_id"),
            ("member_epoch", Int32),
            *_texts("client_id", "client_host"),
            ("subscribed_topic_names", CompactArray(_TEXT)),
            ("subscribed_topic_regex", _TEXT),
            ("assignment", _ASSIGNMENT),
            ("target_assignment", _ASSIGNMENT),
        ),
        ("authorized_operations", Int32),
    )


class _ConsumerGroupDescribe(RequestStruct):
    API_KEY = 69
    API_VERSION = 0
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _ConsumerGroupDescribeResponse
    SCHEMA = _DescribeGroups.SCHEMA


class ConsumerGroupDescribeRequest(Request[_ConsumerGroupDescribe]):
    """Request for the members of these groups, of the newer protocol (KIP-848)."""

    API_KEY = 69

    def __init__(self, groups: Sequence[str]) -> None:
        self._groups = groups

    def build(self, request_struct_class: type[_ConsumerGroupDescribe]) -> _ConsumerGroupDescribe:
        return request_struct_class(self._groups, False, {})


def read_committed(answer: Any) -> Iterator[tuple[str, int, dict[TopicPartition, CommittedOffset]]]:
    """Each group, its error code, and its committed offsets.

    An offset of -1 is none; an error of one partition is one of the group.
    """
    for group, topics, error_code, _ in answer.groups:
        found: dict[TopicPartition, CommittedOffset] = {}
        for topic, partitions, _ in topics:
            for partition, offset, _, metadata, partition_error_code, _ in partitions:
                error_code = error_code or partition_error_code  # noqa: PLW2901 # the first of them
                if offset >= 0:
                    found[TopicPartition(topic, partition)] = CommittedOffset(offset, metadata)
        yield group, error_code, found


def members_in(answer: Any) -> Iterator[tuple[str, int, Group]]:
    """Each group, its error code, and its members; a group that does not exist has none."""
    for error_code, group, state, protocol, _, members, _, _ in answer.groups:
        owners = {
            place: instance or client
            for _, instance, client, _, _, assignment, _ in members
            for place in (_read_assignment(assignment) if protocol == CONSUMERS else ())
        }
        yield group, error_code, Group(state, len(members), owners)


def newer_members_in(answer: Any) -> Iterator[tuple[str, int, Group]]:
    """The same for groups of the newer protocol."""
    for error_code, _, group, state, _, _, _, members, _, _ in answer.groups:
        owners = {
            TopicPartition(topic, number): instance or client
            for _, instance, _, _, client, _, _, _, (assigned, _), _, _ in members
            for _, topic, numbers, _ in assigned
            for number in numbers
        }
        yield group, error_code, Group(state, len(members), owners)


def _read_assignment(assignment: bytes | None) -> list[TopicPartition]:
    """The partitions of a member; none while the group is rebalancing."""
    if not assignment:
        return []
    decoded = ConsumerProtocolMemberAssignment.decode(BytesIO(assignment))
    return cast(list[TopicPartition], decoded.partitions())
