"""Writing of what is sent again: in transactions under one name, so that two never do so at once.

A dead letter's record and its note are committed together or not at all. Who was killed leaves an
open transaction, which the next start ends; what was committed by then is found on the cluster.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Final

import structlog
from aiokafka.structs import TopicPartition

from events.texts import _
from events.topics import EVENTS, INPUT_TOPICS
from services.redrive.sending import Resending
from services.redrive.state import dead_letter_topic
from services.runtime.kafka.clients import Outgoing
from services.runtime.kafka.partitioning import partition_of
from services.runtime.kafka.topics import partition_count
from services.runtime.kafka.writer import FencedWriter
from services.runtime.ops.errors import ClusterError, place_name
from services.runtime.ops.settings import Settings

REDRIVE_ID: Final = "ecluse.redrive"
"""The transactional id: whoever starts ends what another has left, or is doing."""

TOGETHER_MAX: Final = 100
"""Dead letters in one transaction."""

log: Final = structlog.stdlib.get_logger("ecluse.redrive")

HANGS = _(
    "a transaction of an earlier redrive has not ended there. Wait a minute, then start again; one "
    "that stays open needs `kafka-transactions.sh`"
)

Done = Callable[[int], None]
"""Called with how many were committed."""


async def send(
    settings: Settings, records: Sequence[Resending], rate: int, done: Done, *, again: bool = False
) -> int:
    """Send these dead letters again, at most `rate` a second; return how many were sent.

    What another run has sent meanwhile is left out: it is asked of the cluster once nobody else can
    write any more. With `again` a note is not believed, but the input: the ledger knows repeats.

    Raises:
        ClusterError: the cluster cannot be reached or trusted.
        FencedError: another redrive has begun.
        WriterFailed: a transaction failed; start again, and it goes on.
    """
    count = await partition_count(settings, EVENTS)
    inputs = {
        name: [TopicPartition(settings.topic(name), number) for number in range(count)]
        for name in INPUT_TOPICS
    }
    places = [each for of_topic in inputs.values() for each in of_topic]
    # Others write there too: only what is our own may hang.
    writer = FencedWriter(settings, settings.topic_prefix + REDRIVE_ID, places)
    try:
        await writer.start()
        for hanging in await writer.hanging(places):
            raise ClusterError(place_name(hanging.place), HANGS)
        async with dead_letter_topic(settings) as topic:
            state = await topic.state()
        is_sent = state.is_underway if again else state.is_sent
        left = [each for each in records if not is_sent(each.at)]
        return await _send(writer, inputs, left, rate, done)
    finally:
        await writer.stop()


async def _send(
    writer: FencedWriter,
    inputs: dict[str, list[TopicPartition]],
    records: Sequence[Resending],
    rate: int,
    done: Done,
) -> int:
    clock, size = asyncio.get_running_loop().time, min(rate, TOGETHER_MAX)
    began_s = clock()
    for first in range(0, len(records), size):
        together = records[first : first + size]
        await writer.begin()
        await writer.write(_group_by_partition(together, inputs))
        await writer.commit()
        done(len(together))
        log.info("dead_letters_redriven", sent=first + len(together), total=len(records))
        await asyncio.sleep(max(0.0, began_s + (first + size) / rate - clock()))
    await writer.settle()
    return len(records)


def _group_by_partition(
    together: Iterable[Resending], inputs: dict[str, list[TopicPartition]]
) -> dict[TopicPartition, list[Outgoing]]:
    """The records by the partition of their key, in their order."""
    found: dict[TopicPartition, list[Outgoing]] = defaultdict(list)
    for each in together:
        for topic, key, value, headers in each.records:
            place = inputs[topic][partition_of(key, len(inputs[topic]))]
            found[place].append((key, value, headers))
    return found
