"""Members of consumer groups that do as a test wants, and what they read."""

import asyncio
from typing import Final

from aiokafka import AIOKafkaConsumer
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import CompactArray, CompactString, Int16, Int32, Schema, TaggedFields
from aiokafka.structs import OffsetAndMetadata, TopicPartition

from services.lag.judge.model import Consumer
from services.runtime.ops.settings import Settings

SESSION_S: Final = 10.0


def consumer_of(topic: str, *more: str) -> Consumer:
    return Consumer(topic, f"group-{topic}", (topic, *more))


class Member:
    """A member of a group that takes what comes and commits it, until a test changes that."""

    def __init__(self, settings: Settings, consumer: Consumer) -> None:
        self.commits = True
        self.committed: dict[TopicPartition, int] = {}
        topics = [settings.topic(each) for each in consumer.topics]
        self._work: asyncio.Task[None] | None = None
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=settings.bootstrap_servers,
            client_id=f"client-of-{consumer.stage}",
            group_id=settings.group(consumer.group),
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            session_timeout_ms=int(SESSION_S * 1000),
            heartbeat_interval_ms=1000,
            fetch_max_wait_ms=100,
        )
        self._consumer.subscribe(topics)

    async def start(self) -> None:
        await self._consumer.start()
        self._work = asyncio.create_task(self._take())

    async def _take(self) -> None:
        while True:
            taken = await self._consumer.getmany(timeout_ms=100)
            for place, records in taken.items():
                await self._commit(place, records[-1].offset + 1)
            await asyncio.sleep(0.2)

    async def _commit(self, place: TopicPartition, offset: int) -> None:
        if self.commits:
            await self._consumer.commit({place: OffsetAndMetadata(offset, "")})
            self.committed[place] = offset

    async def stop(self) -> None:
        """End."""
        if self._work is not None:
            self._work.cancel()
            await asyncio.gather(self._work, return_exceptions=True)
            self._work = None
        await self._consumer.stop()


class _Joined(Response):  # type: ignore[misc] # aiokafka carries no types
    API_KEY = 68
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("error_code", Int16),
        ("error_message", CompactString("utf-8")),
    )


class _Join(RequestStruct):  # type: ignore[misc] # as above
    API_KEY = 68
    API_VERSION = 0
    FLEXIBLE_VERSION = True
    RESPONSE_TYPE = _Joined
    SCHEMA = Schema(
        ("group_id", CompactString("utf-8")),
        ("member_id", CompactString("utf-8")),
        ("member_epoch", Int32),
        ("instance_id", CompactString("utf-8")),
        ("rack_id", CompactString("utf-8")),
        ("rebalance_timeout_ms", Int32),
        ("subscribed_topic_names", CompactArray(CompactString("utf-8"))),
        ("server_assignor", CompactString("utf-8")),
        ("topic_partitions", CompactArray(Int32)),
        ("tags", TaggedFields),
    )


class JoinRequest(Request[_Join]):  # type: ignore[misc] # as above
    """What a member of the newer protocol says first; aiokafka has no such member."""

    API_KEY = 68

    def __init__(self, group: str, topic: str) -> None:
        self._group, self._topic = group, topic

    def build(self, request_struct_class: type[_Join]) -> _Join:
        joins: tuple[object, ...] = ("", 0, "java-1", None, 60_000, [self._topic], None, [], {})
        return request_struct_class(self._group, *joins)
