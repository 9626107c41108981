"""What somebody else may do to the topics on a cluster, behind Écluse's back."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka.admin import AIOKafkaAdminClient, NewPartitions
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from services.runtime.kafka.topic_catalogue import read_catalogue
from services.runtime.ops.settings import Settings

PAUSE_S = 0.05


@asynccontextmanager
async def _admin(settings: Settings) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.bootstrap_servers)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


def change(settings: Settings, name: str, **config: str) -> None:
    """Change a topic's own settings (`retention_ms="1"`), until whoever asks sees it."""
    wanted = read_catalogue().topics[name].config.as_kafka()
    changed = wanted | {key.replace("_", "."): value for key, value in config.items()}

    async def alter() -> None:
        async with _admin(settings) as admin:
            topic = settings.topic(name)
            resource = ConfigResource(ConfigResourceType.TOPIC, topic, changed)
            (answer,) = await admin.alter_configs([resource])
            assert [0] == [code for code, *_ in answer.resources]

    asyncio.run(alter())
    while not changed.items() <= config_of(settings, name).items():
        time.sleep(PAUSE_S)


def config_of(settings: Settings, name: str) -> dict[str, str]:
    """All settings of a topic that are in force."""

    async def describe() -> dict[str, str]:
        async with _admin(settings) as admin:
            resource = ConfigResource(ConfigResourceType.TOPIC, settings.topic(name))
            (answer,) = await admin.describe_configs([resource])
            return {entry[0]: entry[1] for entry in answer.resources[0][4]}

    return asyncio.run(describe())


def add_partitions(settings: Settings, name: str, count: int) -> None:
    """Give a topic `count` partitions in all."""

    async def add() -> None:
        async with _admin(settings) as admin:
            await admin.create_partitions({settings.topic(name): NewPartitions(count)})

    asyncio.run(add())


def delete(settings: Settings, name: str) -> None:
    """Delete a topic."""

    async def remove() -> None:
        async with _admin(settings) as admin:
            answer = await admin.delete_topics([settings.topic(name)])
            assert [0] == [code for _, code, *_ in answer.topic_error_codes]

    asyncio.run(remove())
