"""The ledger's partitions: does the state agree with its journal, and go on; and the consumers."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from aiokafka.structs import TopicPartition

from events import topics
from events.lag import WATCH_STAGE, Stage
from events.lag import State as LagState
from events.texts import _, ngettext
from events.topics import Place
from services.doctor import judge
from services.doctor.judge import Finding, Part, State, ok, trouble, unknown
from services.doctor.scope import Scope
from services.lag.groups import Groups
from services.lag.judge.history import History, stages_of
from services.lag.judge.model import Consumer, Sample
from services.lag.judge.states import MARKERS_MAX, Rule
from services.ledger.kafka.partition import GIVE_UP
from services.ledger.kafka.partition_restore import OutdatedState, PartitionTopics
from services.ledger.kafka.topic_records import is_same
from services.runtime.kafka.reader import Reader, check_source
from services.runtime.kafka.topics import connect
from services.runtime.ops.errors import ClusterError
from services.watch.settings import WatchSettings

NAMES: Final = (topics.JOURNAL, topics.LEDGER_STATE, *topics.INPUT_TOPICS)
"""The topics of a partition that are read."""

Samples = Mapping[Consumer, Mapping[Place, Sample]]

SAMPLE_S: Final = 2.0
"""Seconds between two samples of the consumers, as the watch takes them."""

SAMPLES_MAX: Final = 6
"""So many are enough for each rule but those of longer trends."""

NO_TOPICS = _("not known as long as topics are missing, or do not have the same partitions")
NO_TOPIC_OF_IT = _("not known as long as the topics that it reads are not there")
AGREE = ngettext(
    "State and journal of {count} partition agree.",
    "State and journal of all {count} partitions agree.",
)
MEMBERS = ngettext("{count} member is at work.", "{count} members are at work.")
MADE_AGAIN = _("The next start of the ledger makes the state again from the journal ({why}).")
HELD = _(
    "it is held before {topic}, offset {offset}: start a mended program, or set the record aside by"
    ' `ecluse quarantine {partition} {offset} --reason "…"`'
)


async def examine_partitions(scope: Scope) -> list[Finding]:
    """State and journal of each partition, and the input topics that it reads."""
    settings = scope.settings
    async with connect(settings) as cluster:
        there = await cluster.describe()
    counts = {len(there.get(settings.topic(name), {}).get("partitions", ())) for name in NAMES}
    if len(counts) != 1 or counts == {0}:
        return [unknown(Part.LEDGER, "partition", NO_TOPICS)]
    count = counts.pop()
    places = [TopicPartition(settings.topic(name), n) for name in NAMES for n in range(count)]
    found: list[Finding] = []
    async with Reader(settings, places) as reader:
        for number in range(count):
            found += await _partition(scope, reader, number, count)
    return found or [ok(Part.LEDGER, "partition", AGREE.render(count))]


async def _partition(scope: Scope, reader: Reader, number: int, count: int) -> list[Finding]:
    """The faults of one partition."""
    of_partition = PartitionTopics(scope.settings, number)
    where = f"partition {number}"
    try:
        checkpoint, hold = await of_partition.examine(reader, count)
        for topic, position in ({} if checkpoint is None else checkpoint.sources).items():
            place = TopicPartition(topic, number)
            await check_source(reader, place, position, is_same, GIVE_UP)
    except OutdatedState as error:
        return [ok(Part.LEDGER, "partition", MADE_AGAIN.render({"why": error}), where)]
    except ClusterError as error:
        return [trouble(Part.LEDGER, "partition", error.text, where)]
    if hold is not None:
        return [trouble(Part.LEDGER, "partition", HELD.render(hold._asdict()), where)]
    return []


def _consumer(stage: Stage, members: Mapping[Consumer, int], sampled: Samples) -> Finding:
    """The watch commits nothing: its tables know how far it is. It has members, or not."""
    if any(each.stage == stage.stage and not places for each, places in sampled.items()):
        return unknown(Part.CONSUMERS, "consumer", NO_TOPIC_OF_IT, stage.group)
    if stage.stage != WATCH_STAGE:
        return judge.consumer(stage)
    count = next((each for consumer, each in members.items() if consumer.stage == WATCH_STAGE), 0)
    if count:
        return ok(Part.CONSUMERS, "consumer", MEMBERS.render(count), stage.group)
    return judge.consumer(replace(stage, state=LagState.STOPPED, rule=Rule.NO_OWNER))


async def _with_records_ends(scope: Scope, sampled: Samples) -> Samples:
    """Samples completed by the end of the records, where markers alone may be left.

    The watch has read that far; this process has to look. Who may not read is left in doubt.
    """
    doubtful = {
        TopicPartition(scope.settings.topic(place.topic), place.partition)
        for samples in sampled.values()
        for place, sample in samples.items()
        if _may_be_markers(sample)
    }
    if not doubtful:
        return sampled
    try:
        async with Reader(scope.settings, doubtful) as reader:
            return {
                consumer: {
                    place: await _complete_sample(scope, reader, place, sample)
                    for place, sample in samples.items()
                }
                for consumer, samples in sampled.items()
            }
    except ClusterError:
        return sampled


def _may_be_markers(sample: Sample) -> bool:
    return sample.status is None and 0 < (sample.left or 0) <= MARKERS_MAX


async def _complete_sample(scope: Scope, reader: Reader, place: Place, sample: Sample) -> Sample:
    committed, end = sample.committed, sample.end
    if committed is None or end is None or not _may_be_markers(sample):
        return sample
    where = TopicPartition(scope.settings.topic(place.topic), place.partition)
    record = await reader.record_at(where, committed)
    is_read = record is None or record.offset >= end  # It came after the sample.
    return sample._replace(records_end=committed if is_read else end)


async def examine_consumers(scope: Scope) -> list[Finding]:
    """The state of each consumer group, by the rules of the watch, over a few samples."""
    expected = WatchSettings().consumers
    groups, history = Groups(scope.settings, expected), History()
    try:
        for number in range(SAMPLES_MAX):
            if number:
                await asyncio.sleep(SAMPLE_S)
            try:
                sampled = await _with_records_ends(scope, await groups.sample(scope.clock()))
            except ClusterError:
                if number + 1 < SAMPLES_MAX:
                    continue  # A young cluster has to find its coordinators first.
                raise
            for consumer, places in sampled.items():
                for place, sample in places.items():
                    history.add(consumer, place, sample)
            judged = history.judge(scope.clock())
            stages = stages_of(expected, judged, groups.members)
            found = [_consumer(each, groups.members, sampled) for each in stages]
            if all(each.state is State.OK or each.text == NO_TOPIC_OF_IT for each in found):
                break  # Else it may be a start, or a moment between two workers.
        return found
    finally:
        await groups.stop()
