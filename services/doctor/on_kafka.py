"""Samples of a cluster: its brokers, topics, replicas, limits, transactions, clock and disks."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from aiokafka.client import AIOKafkaClient
from aiokafka.conn import collect_hosts, create_conn
from aiokafka.errors import KafkaError, for_code
from aiokafka.structs import TopicPartition

from events.texts import _, ngettext
from events.topics import EVENTS
from services.doctor import judge
from services.doctor.judge import Finding, Part, Range, TransactionAge, ok, trouble, unknown
from services.doctor.requests import (
    ApiVersionsRequest,
    DescribeLogDirsRequest,
    DescribeQuorumRequest,
    PermittedRequest,
    controller_clock_ms,
    metadata_level,
)
from services.doctor.scope import Scope, principal, run_check
from services.runtime.kafka.clients import REQUEST_TIMEOUT_S, connection_arguments
from services.runtime.kafka.open_transactions import OpenTransaction, last_written
from services.runtime.kafka.topic_catalogue import read_catalogue
from services.runtime.kafka.topics import connect, differences
from services.runtime.kafka.waits import finish_start
from services.runtime.kafka.writer import OVERDUE_S, RETRY_S
from services.runtime.ops.errors import place_name
from services.runtime.ops.settings import Settings, variable

INTERNAL: Final = ("__consumer_offsets", "__transaction_state")
"""Kafka's own topics, without which no group and no transaction goes on."""

TRIES: Final = 10
BROKER_S: Final = 5.0
"""The time limit of one broker, of several."""

NOBODY_LISTENS = _("nothing listens there, of those that ECLUSE_BOOTSTRAP_SERVERS names")
NO_ADDRESS = _("it is no address of a broker: ECLUSE_BOOTSTRAP_SERVERS takes HOST:PORT")
TOPICS_ALIKE = ngettext(
    "{count} topic is as it should be.", "All {count} topics are as they should be."
)
CONTROLLER = _("Kafka's controller")
NO_CONTROLLER = _("not known as long as Kafka has no controller that says when it caught up")


async def examine_brokers(scope: Scope) -> tuple[Scope | None, list[Finding]]:
    """The scope with the addresses that answer, None where no broker does; and a line for each."""
    reached, found = await _addresses(scope)
    if reached is None:
        return None, found
    brokers = await run_check(Part.KAFKA, "broker", _brokers(reached), reached.limit_s)
    return reached if any(each.state == "ok" for each in brokers) else None, found + brokers


async def _addresses(scope: Scope) -> tuple[Scope | None, list[Finding]]:
    """The scope without the addresses at which no broker is, None if that is all; and a line each.

    Every connection would wait for one that is silent.
    """
    named = [each.strip() for each in scope.settings.bootstrap_servers.split(",")]
    asked = (
        run_check(Part.KAFKA, "broker", _address(scope.settings, where), BROKER_S, where)
        for where in named
    )
    found = [each for checks in await asyncio.gather(*asked) for each in checks]
    left = [where for where in named if where not in {each.where for each in found}]
    update = {"bootstrap_servers": ",".join(left)}
    reached = replace(scope, settings=scope.settings.model_copy(update=update))
    return reached if left else None, found


async def _brokers(scope: Scope) -> list[Finding]:
    """Each broker with its version."""
    found: list[Finding] = []
    async with connect(scope.settings) as cluster:
        named = (await cluster.send(PermittedRequest(()))).cluster_id

        async def broker(number: int, where: str) -> list[Finding]:
            answer = await cluster.ask(number, ApiVersionsRequest())
            level = metadata_level(answer)
            return [judge.broker(where, level, named, principal(scope.settings))]

        each_broker = (
            run_check(Part.KAFKA, "broker", broker(number, where), BROKER_S, where)
            for number, where in sorted(cluster.brokers.items())
        )
        for checks in await asyncio.gather(*each_broker):
            found += checks
    return found


async def _address(settings: Settings, where: str) -> list[Finding]:
    """Nothing where a broker answers; it is asked what it knows, which needs no login.

    What is wrong with TLS the whole connection says better.

    Raises:
        TimeoutError, KafkaError: something listens there, and does not answer so.
    """
    arguments = connection_arguments(settings) | {
        "security_protocol": "SSL" if settings.over_tls else "PLAINTEXT"
    }
    del arguments["bootstrap_servers"]
    try:
        ((host, port, _family),) = collect_hosts(where)
    except ValueError:
        return [trouble(Part.KAFKA, "broker", NO_ADDRESS, where)]
    try:
        connection = await create_conn(host, port, **arguments)
    except ssl.SSLError:
        return []
    except TimeoutError:
        raise
    except KafkaError:
        if settings.over_tls:
            return []
        raise
    except OSError:
        return [trouble(Part.KAFKA, "broker", NOBODY_LISTENS, where)]
    connection.close()
    return []


async def compare_topics(scope: Scope) -> list[Finding]:
    """Compare the topics and their settings with the catalogue."""
    whole = read_catalogue()
    ours = {name: whole.topics[name] for name in scope.topics("DESCRIBE_CONFIGS")}
    if not ours:
        return []  # This role does not see settings, and needs none.
    found = await differences(whole.model_copy(update={"topics": ours}), scope.settings)
    troubles = [trouble(Part.KAFKA, "topics", each.what, each.topic) for each in found]
    return troubles or [ok(Part.KAFKA, "topics", TOPICS_ALIKE.render(len(ours)))]


async def examine_replicas(scope: Scope) -> list[Finding]:
    """Find partitions without a leader, and replicas that are behind."""
    ours = [scope.settings.topic(name) for name in scope.topics()]
    async with connect(scope.settings) as cluster:
        topics = await cluster.describe()
    found = [each for name, each in topics.items() if name in {*ours, *INTERNAL}]
    return judge.replicas(found, [name for name in ours if name not in topics])


async def compare_limits(scope: Scope) -> list[Finding]:
    """Compare our time-outs with a broker's; it needs DESCRIBE_CONFIGS on the cluster."""
    async with connect(scope.settings) as cluster:
        config = await cluster.config_of(min(cluster.brokers))
    settings = scope.settings
    session = Range(
        variable("session_timeout_s"),
        int(settings.session_timeout_s * 1000),
        _ms(config, "group.min.session.timeout.ms"),
        _ms(config, "group.max.session.timeout.ms"),
        "group.min.session.timeout.ms, group.max.session.timeout.ms",
    )
    transaction = Range(
        variable("transaction_timeout_s"),
        int(settings.transaction_timeout_s * 1000),
        1,
        _ms(config, "transaction.max.timeout.ms"),
        "transaction.max.timeout.ms",
    )
    return judge.limits((session, transaction))


def _ms(config: Mapping[str, str | None], name: str) -> int | None:
    """A time in the settings of a broker; None where it does not show it."""
    text = config.get(name)
    return int(text) if text else None


async def find_open_transactions(scope: Scope) -> list[Finding]:
    """Find transactions that are open in our topics for longer than ours last."""
    settings = scope.settings
    client = AIOKafkaClient(
        **connection_arguments(settings), request_timeout_ms=int(REQUEST_TIMEOUT_S * 1000)
    )
    try:
        await finish_start(client, client.bootstrap())
        await client.force_metadata_update()
        names = [settings.topic(name) for name in scope.topics("READ")]
        numbers = {name: client.cluster.partitions_for_topic(name) or () for name in names}
        places = [TopicPartition(name, each) for name in names for each in sorted(numbers[name])]
        found = await _open_in(client, places)
    finally:
        await client.close()
    # Whoever sends events may use Kafka's own limit; all else is written by Écluse alone.
    strangers, ours_s = settings.topic(EVENTS), 2 * settings.transaction_timeout_s
    now_s = scope.clock()
    still_open = [
        TransactionAge(
            place_name(each.place),
            each.first_offset,
            each.producer_id,
            now_s - written_ms / 1000,
            OVERDUE_S if each.place.topic == strangers else ours_s,
        )
        for each, written_ms in found
    ]
    return judge.transactions(still_open, [name for name in names if not numbers[name]])


async def _open_in(
    client: AIOKafkaClient, places: list[TopicPartition]
) -> list[tuple[OpenTransaction, int]]:
    """Open transactions; asked again while leaders move."""
    for _unused in range(TRIES):
        try:
            return await last_written(client, places)
        except KafkaError as error:
            if not error.retriable:
                raise
            await asyncio.sleep(RETRY_S)
            await client.force_metadata_update()
    return await last_written(client, places)


async def compare_clocks(scope: Scope) -> list[Finding]:
    """Compare our clock with the controller's: no other is known (docs/decisions/0020)."""
    async with connect(scope.settings) as cluster:
        before_s = scope.clock()
        answer = await cluster.send(DescribeQuorumRequest())
        after_s = scope.clock()
    _raise_refusal(answer.error_code)
    theirs_ms = controller_clock_ms(answer)
    if theirs_ms is None:
        return [unknown(Part.KAFKA, "clock", NO_CONTROLLER)]
    return [judge.clock(Part.KAFKA, CONTROLLER, before_s, theirs_ms / 1000, after_s)]


async def measure_disks(scope: Scope) -> list[Finding]:
    """Measure what is free on the disks of each broker."""
    found = []
    async with connect(scope.settings) as cluster:
        for number, where in sorted(cluster.brokers.items()):
            answer = await cluster.ask(number, DescribeLogDirsRequest())
            _raise_refusal(answer.error_code)
            for code, folder, _topics, total, free, _tags in answer.results:
                _raise_refusal(code)
                found.append(judge.disk(Part.KAFKA, total, free, f"{where} {folder}"))
    return found


def _raise_refusal(code: int) -> None:
    """Raise the error that an answer holds, if it holds one."""
    if code:
        kind: Any = for_code(code)
        raise kind
