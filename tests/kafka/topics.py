"""The topics of one test on the broker, as an administrator makes, changes and deletes them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions, NewTopic, RecordsToDelete
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaConnectionError

from services.dev.local_broker import SETTINGS
from services.runtime.kafka.topic_catalogue import Catalogue, TopicOptions, read_catalogue
from services.runtime.kafka.topics import apply
from services.runtime.ops.settings import Settings
from tests.waiting import eventually, eventually_async, run

SOON_S: Final = 0.05


def catalogue_of(*names: str) -> Catalogue:
    """The catalogue with these topics alone."""
    whole = read_catalogue()
    return whole.model_copy(update={"topics": {name: whole.topics[name] for name in names}})


@dataclass(frozen=True)
class Topics:
    """Everything under one prefix, as an administrator sees it."""

    bootstrap: str
    prefix: str
    partitions: int

    @property
    def settings(self) -> Settings:
        """Settings of a guest that is no worker."""
        return Settings(
            bootstrap_servers=self.bootstrap, topic_prefix=self.prefix, instance="guest"
        )

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead a command here."""
        return {
            "ECLUSE_BOOTSTRAP_SERVERS": self.bootstrap,
            "ECLUSE_TOPIC_PREFIX": self.prefix,
        }

    def name(self, topic: str) -> str:
        return self.prefix + topic

    def place(self, topic: str, partition: int) -> TopicPartition:
        return TopicPartition(self.name(topic), partition)

    def create(self, catalogue: Catalogue | None = None, replicas: int = 1) -> None:
        """The topics of the contract, as `ecluse topics apply` makes them."""
        asked = TopicOptions(partitions=self.partitions, replication_factor=replicas)
        done = run(apply(catalogue or read_catalogue(), self.settings, asked))
        assert [] == done.left

    async def make(self, *names: str) -> None:
        """Topics that the contract does not know, with a broker's own settings."""
        async with self._admin() as admin:
            made = await admin.create_topics(
                [NewTopic(self.name(name), self.partitions, 1) for name in names]
            )
            assert {0} == {code for _, code, *_ in made.topic_errors}

    async def listed(self) -> list[str]:
        """The names of all topics of the broker, other tests' too."""
        async with self._admin() as admin:
            return [str(name) for name in await admin.list_topics()]

    def recreate(self, topic: str, partitions: int | None = None) -> None:
        """Delete a topic with all that is in it, and make it again, empty."""
        config = read_catalogue().topics[topic].config.as_kafka()
        new = NewTopic(self.name(topic), partitions or self.partitions, 1, topic_configs=config)

        async def go() -> None:
            async with self._admin() as admin:

                async def is_gone() -> bool:
                    return new.name not in await admin.list_topics()

                async def is_led() -> bool:
                    described = await admin.describe_topics([new.name])
                    parts = described[0]["partitions"]
                    return bool(parts) and all(each["leader"] >= 0 for each in parts)

                await admin.delete_topics([new.name])
                await eventually_async(is_gone, f"{new.name} is still there", pause_s=SOON_S)
                answer = await admin.create_topics([new])
                assert [0] == [code for _, code, *_ in answer.topic_errors]
                await eventually_async(is_led, f"{new.name} has no leader", pause_s=SOON_S)

        run(go())

    def delete(self, topic: str) -> None:
        """Delete a topic with all that is in it."""

        async def go() -> None:
            async with self._admin() as admin:
                answer = await admin.delete_topics([self.name(topic)])
                assert [0] == [code for _, code, *_ in answer.topic_error_codes]

        run(go())

    def widen(self, count: int, *names: str) -> None:
        """Give these topics that many partitions; without names, all of the contract."""

        async def go() -> None:
            async with self._admin() as admin:
                wanted = [self.name(each) for each in names or read_catalogue().topics]
                await admin.create_partitions({name: NewPartitions(count) for name in wanted})

        run(go())

    def alter(self, topic: str, **config: str) -> None:
        """Set these beside the contract's settings (`retention_ms="1"`), until it is seen."""
        wanted = read_catalogue().topics[topic].config.as_kafka()
        wanted |= {key.replace("_", "."): value for key, value in config.items()}
        run(self._alter(ConfigResource(ConfigResourceType.TOPIC, self.name(topic), wanted)))
        eventually(
            lambda: wanted.items() <= self.config_of(topic).items(),
            f"{topic} is not altered",
            pause_s=SOON_S,
        )

    def alter_broker(self, config: dict[str, str]) -> None:
        """Give the broker these settings of its own, and no others."""
        run(self._alter(ConfigResource(ConfigResourceType.BROKER, SETTINGS["node.id"], config)))

    async def _alter(self, resource: ConfigResource) -> None:
        async with self._admin() as admin:
            for answer in await admin.alter_configs([resource]):
                assert [] == [code for code, *_ in answer.resources if code]

    def config_of(self, topic: str) -> dict[str, str]:
        """All settings of a topic that are in force."""

        async def go() -> dict[str, str]:
            async with self._admin() as admin:
                resource = ConfigResource(ConfigResourceType.TOPIC, self.name(topic))
                (answer,) = await admin.describe_configs([resource])
                return {entry[0]: entry[1] for entry in answer.resources[0][4]}

        return run(go())

    def lose(self, topic: str, partition: int, before: int) -> None:
        """Remove the records before an offset, as retention does."""

        async def go() -> None:
            async with self._admin() as admin:
                place = self.place(topic, partition)
                await admin.delete_records({place: RecordsToDelete(before)})

        run(go())

    @asynccontextmanager
    async def _admin(self) -> AsyncIterator[AIOKafkaAdminClient]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.bootstrap)

        async def start() -> bool:
            """A broker that another test has just brought back may close a first connection."""
            with suppress(KafkaConnectionError):
                await admin.start()
                return True
            return False

        await eventually_async(start, f"no answer from {self.bootstrap}", pause_s=0.5)
        try:
            yield admin
        finally:
            await admin.close()
