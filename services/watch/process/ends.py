"""Ends of partitions, by a consumer of their own."""

from collections.abc import Awaitable, Iterable
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer
from aiokafka.structs import TopicPartition

from services.runtime.kafka.clients import FETCH_WAIT_S, REQUEST_TIMEOUT_S, make_reader
from services.runtime.kafka.waits import started, within
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.settings import Settings


class Ends:
    """The ends of partitions, records of open transactions included.

    A transaction writes to all its partitions before it commits: so the counterpart of a committed
    record lies before the end of its own partition, even while it cannot be read yet.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._consumer: AIOKafkaConsumer | None = None

    async def of(self, places: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        """The end of each partition.

        Raises:
            ClusterError: the cluster does not answer.
        """
        if self._consumer is None:
            self._consumer = await self._started()
        ends: dict[TopicPartition, int] = await self._within(self._consumer.end_offsets(places))
        return ends

    async def _started(self) -> AIOKafkaConsumer:
        consumer = make_reader(self._settings, FETCH_WAIT_S, "read_uncommitted")
        try:
            await self._within(started(consumer._client, consumer.start()))  # noqa: SLF001
        except BaseException:
            with suppress(ClusterError):
                await self._within(consumer.stop())
            raise
        return consumer

    async def stop(self) -> None:
        """Close the connections."""
        if self._consumer is not None:
            await self._within(self._consumer.stop())

    async def _within(self, wait: Awaitable[Any]) -> Any:
        where = self._settings.bootstrap_servers
        return await within(REQUEST_TIMEOUT_S, wait, "Kafka", where)
