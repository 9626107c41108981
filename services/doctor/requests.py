"""Requests of Kafka's protocol that change nothing, and that aiokafka does not know.

They show a broker's version, the controller's clock, the space on its disks, and what the principal
of a connection may do.
"""

from collections.abc import Sequence
from io import BytesIO
from typing import Any, Final

from aiokafka.protocol.api import Request, RequestStruct, Response, ResponseHeader_v0
from aiokafka.protocol.types import (
    Array,
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Int64,
    Schema,
    String,
    TaggedFields,
)

_TEXT: Final = CompactString("utf-8")
_PLAIN: Final = String("utf-8")
_TAGS: Final = ("tags", TaggedFields)

METADATA_TOPIC: Final = "__cluster_metadata"

SUPPORTED_FEATURES: Final = 0
"""The tag of the features that a broker's program has, in its answer to ApiVersions (KIP-584)."""

METADATA_VERSION: Final = "metadata.version"
_FEATURES: Final = CompactArray(("name", _TEXT), ("min", Int16), ("max", Int16), _TAGS)


class _ApiVersionsResponse(Response):
    API_KEY = 18
    API_VERSION = 3
    SCHEMA = Schema(
        ("error_code", Int16),
        ("api_keys", CompactArray(("key", Int16), ("min", Int16), ("max", Int16), _TAGS)),
        ("throttle_time_ms", Int32),
        _TAGS,
    )


class _ApiVersions(RequestStruct):
    API_KEY = 18
    API_VERSION = 3
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _ApiVersionsResponse
    SCHEMA = Schema(("software_name", _TEXT), ("software_version", _TEXT), _TAGS)

    def parse_response_header(self, read_buffer: BytesIO | bytes) -> ResponseHeader_v0:
        """The header of this answer alone is never a flexible one (KIP-511)."""
        return ResponseHeader_v0.decode(read_buffer)


class ApiVersionsRequest(Request[_ApiVersions]):
    """Request for what a broker's program knows."""

    API_KEY = 18

    def build(self, request_struct_class: type[_ApiVersions]) -> _ApiVersions:
        return request_struct_class("ecluse", "doctor", {})


def metadata_level(answer: Any) -> int | None:
    """The newest `metadata.version` that the program of this broker knows; None without KRaft."""
    raw = answer.tags.get(SUPPORTED_FEATURES)
    features = _FEATURES.decode(BytesIO(raw)) or [] if raw else []
    return next((most for name, _least, most, _ in features if name == METADATA_VERSION), None)


_REPLICA: Final = CompactArray(
    ("replica_id", Int32),
    ("log_end_offset", Int64),
    ("last_fetch_timestamp", Int64),
    ("last_caught_up_timestamp", Int64),
    _TAGS,
)


class _DescribeQuorumResponse(Response):
    API_KEY = 55
    API_VERSION = 1
    SCHEMA = Schema(
        ("error_code", Int16),
        (
            "topics",
            CompactArray(
                ("topic_name", _TEXT),
                (
                    "partitions",
                    CompactArray(
                        ("partition_index", Int32),
                        ("error_code", Int16),
                        ("leader_id", Int32),
                        ("leader_epoch", Int32),
                        ("high_watermark", Int64),
                        ("current_voters", _REPLICA),
                        ("observers", _REPLICA),
                        _TAGS,
                    ),
                ),
                _TAGS,
            ),
        ),
        _TAGS,
    )


class _DescribeQuorum(RequestStruct):
    API_KEY = 55
    API_VERSION = 1
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _DescribeQuorumResponse
    SCHEMA = Schema(
        (
            "topics",
            CompactArray(
                ("topic_name", _TEXT),
                ("partitions", CompactArray(("partition_index", Int32), _TAGS)),
                _TAGS,
            ),
        ),
        _TAGS,
    )


class DescribeQuorumRequest(Request[_DescribeQuorum]):
    """Request for the controllers; needs DESCRIBE on the cluster."""

    API_KEY = 55

    def build(self, request_struct_class: type[_DescribeQuorum]) -> _DescribeQuorum:
        return request_struct_class([(METADATA_TOPIC, [(0, {})], {})], {})


def controller_clock_ms(answer: Any) -> int | None:
    """The clock of the active controller: when it last caught up with itself is now."""
    for _topic, partitions, _ in answer.topics:
        for _number, _code, leader, _epoch, _mark, voters, _observers, _ in partitions:
            for replica, _end, _fetched, caught_up_ms, _ in voters:
                if replica == leader and caught_up_ms > 0:
                    return int(caught_up_ms)
    return None


class _DescribeLogDirsResponse(Response):
    API_KEY = 35
    API_VERSION = 4
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        (
            "results",
            CompactArray(
                ("error_code", Int16),
                ("log_dir", _TEXT),
                (
                    "topics",
                    CompactArray(
                        ("name", _TEXT),
                        (
                            "partitions",
                            CompactArray(
                                ("partition_index", Int32),
                                ("size", Int64),
                                ("offset_lag", Int64),
                                ("is_future_key", Boolean),
                                _TAGS,
                            ),
                        ),
                        _TAGS,
                    ),
                ),
                ("total_bytes", Int64),
                ("usable_bytes", Int64),
                _TAGS,
            ),
        ),
        _TAGS,
    )


class _DescribeLogDirs(RequestStruct):
    API_KEY = 35
    API_VERSION = 4
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _DescribeLogDirsResponse
    SCHEMA = Schema(
        (
            "topics",
            CompactArray(("topic", _TEXT), ("partitions", CompactArray(Int32)), _TAGS),
        ),
        _TAGS,
    )


class DescribeLogDirsRequest(Request[_DescribeLogDirs]):
    """Request for a broker's disks, without what stands on them; needs DESCRIBE on the cluster."""

    API_KEY = 35

    def build(self, request_struct_class: type[_DescribeLogDirs]) -> _DescribeLogDirs:
        return request_struct_class([], {})


class _MetadataResponse(Response):
    API_KEY = 3
    API_VERSION = 8
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "brokers",
            Array(("node_id", Int32), ("host", _PLAIN), ("port", Int32), ("rack", _PLAIN)),
        ),
        ("cluster_id", _PLAIN),
        ("controller_id", Int32),
        (
            "topics",
            Array(
                ("error_code", Int16),
                ("name", _PLAIN),
                ("is_internal", Boolean),
                (
                    "partitions",
                    Array(
                        ("error_code", Int16),
                        ("partition", Int32),
                        ("leader", Int32),
                        ("leader_epoch", Int32),
                        ("replicas", Array(Int32)),
                        ("isr", Array(Int32)),
                        ("offline_replicas", Array(Int32)),
                    ),
                ),
                ("authorized_operations", Int32),
            ),
        ),
        ("cluster_authorized_operations", Int32),
    )


class _Metadata(RequestStruct):
    API_KEY = 3
    API_VERSION = 8
    RESPONSE_TYPE = _MetadataResponse
    SCHEMA = Schema(
        ("topics", Array(_PLAIN)),
        ("allow_auto_topic_creation", Boolean),
        ("include_cluster_authorized_operations", Boolean),
        ("include_topic_authorized_operations", Boolean),
    )


class PermittedRequest(Request[_Metadata]):
    """Request for what this principal may do with these topics, and with the cluster."""

    API_KEY = 3

    def __init__(self, topics: Sequence[str]) -> None:
        self._topics = topics

    def build(self, request_struct_class: type[_Metadata]) -> _Metadata:
        return request_struct_class(list(self._topics), False, True, True)
