"""Topics on a cluster: compared with the catalogue, mended, and checked before a worker starts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any, Final

import structlog
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    KafkaConnectionError,
    KafkaError,
    TopicAlreadyExistsError,
    UnknownTopicOrPartitionError,
    for_code,
)
from aiokafka.protocol.api import Request

from events.texts import _, pgettext, verbatim
from services.runtime.kafka.clients import (
    REQUEST_TIMEOUT_S,
    connection_arguments,
    last_asked_broker,
    tolerate_broker_restarts,
)
from services.runtime.kafka.security import NO_RIGHTS, text_of
from services.runtime.kafka.topic_catalogue import (
    MIN_INSYNC,
    MISSING,
    NO_OPTIONS,
    REPLICATION,
    Catalogue,
    ClusterTopic,
    Difference,
    TopicOptions,
    choose_count,
    choose_replicas,
    compare,
    min_insync,
    read_catalogue,
)
from services.runtime.kafka.waits import finish_start, retry_until_answered, wait_within
from services.runtime.ops.errors import ClusterError, Unreachable
from services.runtime.ops.settings import Settings

START_TIMEOUT_S: Final = 2 * REQUEST_TIMEOUT_S
"""The time-out of a connection: the first address may be of a broker that is down."""

CLOSE_TIMEOUT_S: Final = 5.0
SHOWN_POLLS_MAX: Final = 200
"""The most polls until the cluster shows what it has accepted."""

SHOWN_PAUSE_S: Final = 0.1
OWN_SETTING: Final = 1
"""Kafka's mark of a setting that was made on the topic itself (DYNAMIC_TOPIC_CONFIG)."""

HARMLESS: Final = frozenset({"compression.type", REPLICATION, MIN_INSYNC})
"""What stops no worker where it differs: it costs space, or safety while a broker is away."""

NO_KAFKA = _(
    "no Kafka at this address ({error}). Check ECLUSE_BOOTSTRAP_SERVERS, and that the broker runs"
)
NO_CONNECTION = _("cannot connect")
NO_ANSWER = pgettext("cluster", "no answer")
NOT_ACCEPTED = _("the cluster refuses: {error}")
NOT_SHOWN = _(
    "the cluster accepted the change, but still does not show it. Run `ecluse topics diff` again"
)
AND_MORE = _("{what} (and {count} more differences: see `ecluse topics diff`)")

log: Final = structlog.stdlib.get_logger("ecluse.runtime")


@dataclass(frozen=True, slots=True)
class AppliedChanges:
    """The result of `apply`."""

    created: list[str]
    """Topics that were missing, as they are called on the cluster."""

    mended: list[Difference]
    """Settings that were otherwise before."""

    left: list[Difference]
    partitions: int


async def differences(
    catalogue: Catalogue, settings: Settings, options: TopicOptions = NO_OPTIONS
) -> list[Difference]:
    """Compare the cluster with the catalogue; Unreachable where it does not answer."""
    async with connect(settings) as cluster:
        found = await cluster.find(catalogue.topics)
        brokers = await cluster.broker_count()
    return compare(catalogue, found, settings, options, brokers)


async def apply(
    catalogue: Catalogue, settings: Settings, options: TopicOptions = NO_OPTIONS
) -> AppliedChanges:
    """Create what is missing and mend settings; the number of partitions is never changed.

    It returns once the cluster shows the changes. Differences that it may not change are in `left`.

    Raises:
        Unreachable: the cluster does not answer.
        ClusterError: it refuses, or does not show what it accepted.
    """
    async with connect(settings) as cluster:
        found = await cluster.find(catalogue.topics)
        brokers = await cluster.broker_count()
        before = compare(catalogue, found, settings, options, brokers)
        mended = [each for each in before if each.mendable]
        missing = {each.topic for each in mended if each.setting is None}
        count = choose_count(catalogue, found, options)
        by_name = {settings.topic(name): topic for name, topic in catalogue.topics.items()}
        replicas = choose_replicas(catalogue, found, options, brokers)
        required = {MIN_INSYNC: str(min_insync(catalogue, replicas))}
        await cluster.create(
            {name: by_name[name].config.as_kafka() | required for name in missing}, count, replicas
        )
        own = {settings.topic(name): each.own for name, each in found.items()}
        for name in dict.fromkeys(each.topic for each in mended if each.topic in own):
            new = {
                each.setting: each.expected
                for each in mended
                if each.topic == name and each.setting
            }
            await cluster.alter(name, {**own[name], **by_name[name].config.as_kafka(), **new})

        async def poll() -> list[Difference]:
            there = await cluster.find(catalogue.topics)
            return compare(catalogue, there, settings, options, brokers)

        left = await _wait_until_shown(poll)
    created = [name for name in by_name if name in missing]
    changed = [each for each in mended if each.setting is not None]
    return AppliedChanges(created, changed, left, count)


async def check(settings: Settings, names: Collection[str]) -> int:
    """Return the number of partitions of a worker's topics, once all is well with them.

    Raises:
        Unreachable: the cluster does not answer.
        ClusterError: a topic is missing, or its limits, its retention, its compaction, its
            timestamps or its number of partitions are not those of the catalogue; the first one
            and what to do.
    """
    catalogue = read_catalogue()
    wanted = catalogue.model_copy(
        update={"topics": {name: catalogue.topics[name] for name in names}}
    )
    async with connect(settings) as cluster:
        found = await cluster.find(names)
        brokers = await cluster.broker_count()
    serious = []
    for each in compare(wanted, found, settings, NO_OPTIONS, brokers):
        if each.setting in HARMLESS:
            facts = {"setting": each.setting, "found": each.actual, "wanted": each.expected}
            log.warning("topic_setting_differs", topic=each.topic, **facts)
        else:
            serious.append(each)
    if serious:
        what, more = serious[0].what, len(serious) - 1
        if more:
            what = AND_MORE.render({"what": what, "count": more})
        raise ClusterError(serious[0].topic, what)
    return choose_count(wanted, found, NO_OPTIONS)


async def partition_count(settings: Settings, name: str) -> int:
    """Return the number of partitions of one topic; ClusterError where there is none."""
    async with connect(settings) as cluster:
        topic = (await cluster.describe()).get(settings.topic(name))
    if topic is None:
        count = read_catalogue().partitions
        raise ClusterError(settings.topic(name), MISSING.render({"wanted": count}))
    return len(topic["partitions"])


@asynccontextmanager
async def connect(settings: Settings) -> AsyncIterator["Cluster"]:
    """Connect an admin client."""
    tolerate_broker_restarts()
    admin = AIOKafkaAdminClient(
        **connection_arguments(settings),
        request_timeout_ms=int(REQUEST_TIMEOUT_S * 1000),
    )
    try:
        await retry_until_answered(settings, lambda: _start(admin, settings))
        yield Cluster(admin, settings)
    finally:
        with suppress(KafkaError, OSError, TimeoutError):
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await admin.close()


async def _start(admin: AIOKafkaAdminClient, settings: Settings) -> None:
    try:
        async with asyncio.timeout(START_TIMEOUT_S):
            await finish_start(admin._client, admin.start())  # noqa: SLF001
    except ValueError as error:
        # ECLUSE_BOOTSTRAP_SERVERS holds no address: a retry cannot help.
        raise ClusterError(settings.bootstrap_servers, NO_KAFKA.render({"error": error})) from error
    except (KafkaError, OSError) as error:
        raise unreachable(settings, error) from error


def unreachable(settings: Settings, error: Exception) -> Unreachable:
    """The error of a cluster to which no connection could be made."""
    match error:
        case TimeoutError():
            why = NO_ANSWER
        case KafkaConnectionError() | OSError():
            why = NO_CONNECTION
        case _:
            why = verbatim(error)
    return Unreachable(settings.bootstrap_servers, NO_KAFKA.render({"error": why}))


class Cluster:
    """The requests of an admin client; where a broker does not answer, another is asked."""

    def __init__(self, admin: AIOKafkaAdminClient, settings: Settings) -> None:
        self._admin = admin
        self._settings = settings

    def __str__(self) -> str:
        """The broker last asked, for messages: known only once the request has failed."""
        return last_asked_broker(self._admin._client) or self._settings.bootstrap_servers  # noqa: SLF001

    async def _answer(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        return await retry_until_answered(
            self._settings, lambda: wait_within(REQUEST_TIMEOUT_S, ask(), "topics", self)
        )

    async def send(self, request: Request[Any]) -> Any:
        """The response to a request for which the client has no method."""
        return await self._answer(lambda: self._admin._send_request(request))  # noqa: SLF001

    @property
    def brokers(self) -> dict[int, str]:
        """The address of each broker, by its number, as the cluster names them."""
        known = self._admin._client.cluster.brokers()  # noqa: SLF001
        return {each.nodeId: f"{each.host}:{each.port}" for each in known}

    async def ask(self, broker: int, request: Request[Any]) -> Any:
        """The response of this broker, and of no other; Unreachable where it does not answer."""
        asked = self._admin._send_request(request, broker)  # noqa: SLF001
        return await wait_within(REQUEST_TIMEOUT_S, asked, "Kafka", self.brokers[broker])

    async def describe(self) -> dict[str, Any]:
        """All topics: a request about one would create it where a cluster does so on demand."""
        topics = await self._answer(lambda: self._admin.describe_topics(None))
        return {each["topic"]: each for each in topics}

    async def find(self, names: Iterable[str]) -> dict[str, ClusterTopic]:
        """The topics that exist, by the contract's names, in the order of `names`."""
        listed = await self.describe()
        on_cluster = {name: self._settings.topic(name) for name in names}
        there = {name: topic for name, topic in on_cluster.items() if topic in listed}
        if not there:
            return {}
        asked = [ConfigResource(ConfigResourceType.TOPIC, topic) for topic in there.values()]
        found = {}
        for response in await self._answer(lambda: self._admin.describe_configs(asked)):
            for code, message, _unused, topic, entries in response.resources:
                if code == UnknownTopicOrPartitionError.errno:
                    continue  # Deleted between the two requests.
                check_accepted(topic, code, message)
                found[topic] = entries
        return {
            name: _read_found(listed[topic], found[topic])
            for name, topic in there.items()
            if topic in found
        }

    async def broker_count(self) -> int:
        """The number of brokers in service."""
        cluster = await self._answer(self._admin.describe_cluster)
        return len(cluster["brokers"])

    async def config_of(self, broker: int) -> dict[str, str]:
        """The settings in force on a broker; ClusterError where it does not say them to us."""
        asked = [ConfigResource(ConfigResourceType.BROKER, str(broker))]
        found: dict[str, str] = {}
        for response in await self._answer(lambda: self._admin.describe_configs(asked)):
            for code, message, _unused, _name, entries in response.resources:
                check_accepted(self.brokers[broker], code, message)
                found |= {entry[0]: entry[1] for entry in entries}
        return found

    async def create(
        self, topics: Mapping[str, Mapping[str, str]], count: int, replicas: int
    ) -> None:
        """Create the topics of these settings, unless there are none."""
        if not topics:
            return
        new = [
            NewTopic(name, count, replicas, topic_configs=dict(config))
            for name, config in topics.items()
        ]
        response = await self._answer(lambda: self._admin.create_topics(new))
        for topic, code, message in response.topic_errors:
            # Another process may have been quicker; the settings are compared later.
            if code != TopicAlreadyExistsError.errno:
                check_accepted(topic, code, message)

    async def alter(self, name: str, config: Mapping[str, str]) -> None:
        """Set all of a topic's own settings: this request resets those that it does not name."""
        resource = ConfigResource(ConfigResourceType.TOPIC, name, dict(config))
        for response in await self._answer(lambda: self._admin.alter_configs([resource])):
            for code, message, _unused, topic in response.resources:
                check_accepted(topic, code, message)


def _read_found(listed: dict[str, Any], entries: list[tuple[Any, ...]]) -> ClusterTopic:
    partitions = listed["partitions"]
    config = {entry[0]: entry[1] for entry in entries}
    own = {entry[0]: entry[1] for entry in entries if entry[3] == OWN_SETTING}
    return ClusterTopic(
        len(partitions), min(len(each["replicas"]) for each in partitions), config, own
    )


def check_accepted(where: str, code: int, message: str | None) -> None:
    """Raise ClusterError where Kafka's code is that of a refusal."""
    if code:
        refused = for_code(code)(message or "")
        no_right = isinstance(refused, NO_RIGHTS)
        error = text_of(refused) if no_right else message or str(type(refused)())
        raise ClusterError(where, NOT_ACCEPTED.render({"error": error})) from refused


async def _wait_until_shown(poll: Callable[[], Awaitable[list[Difference]]]) -> list[Difference]:
    """Return the differences left once the cluster shows the changes: its metadata lags behind."""
    left: list[Difference] = []
    for _unused in range(SHOWN_POLLS_MAX):
        left = await poll()
        if not any(each.mendable for each in left):
            return left
        await asyncio.sleep(SHOWN_PAUSE_S)
    where = next(each.topic for each in left if each.mendable)
    raise ClusterError(where, NOT_SHOWN)
