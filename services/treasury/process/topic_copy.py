"""A copy of the topics of which the treasury's tables are made again, in a file: the back-up.

A line is a record, its key, value and headers byte by byte; the last line says how many there are.
Under the file's name there is a whole copy at any moment.
"""

from collections import Counter, defaultdict
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import aclosing
from hashlib import sha256
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Final

import msgspec
from aiokafka.structs import ConsumerRecord, TopicPartition

from events.texts import _
from events.topics import ACCOUNTING_ENTRIES, PAYMENT_ORDERS, SLIPS
from services.runtime.kafka.partitioning import partition_of
from services.runtime.kafka.publishing import Message, Receipts, publish
from services.runtime.kafka.reader import Reader
from services.runtime.kafka.topics import check
from services.runtime.ops.errors import ClusterError, Stop, place_name
from services.runtime.ops.file_modes import replacing
from services.runtime.ops.settings import Settings
from services.texts.system_errors import error_text

TOPICS: Final = (PAYMENT_ORDERS, SLIPS, ACCOUNTING_ENTRIES)

NO_COPY = _("line {number} is none of a copy of these topics: take another file")
CUT = _("this copy is not whole: take an older one")
FOREIGN = _(
    "offset {offset} has no key or no value: find out who wrote it, only ledger and treasury may "
    "write there"
)
FEWER = _(
    "it holds {found} records, and the copy {kept}: records were lost, or this is another cluster. "
    "The copy is kept; name another file"
)
ANOTHER = _(
    "record {number} of partition {partition} is not that of the copy: it goes into new topics, or "
    "into those that an interrupted import began to fill"
)

Progress = Callable[[int], None]
"""Called with the number of records handled since the last call."""

Counts = dict[str, int]
"""The number of records by topic."""


class Record(msgspec.Struct, frozen=True, tag="record"):
    """A record of one of the topics, which is named as in the contract."""

    topic: str
    key: bytes
    value: bytes
    headers: list[tuple[str, bytes | None]]

    @property
    def digest(self) -> bytes:
        """The SHA-256 of all that is published of it."""
        return sha256(msgspec.msgpack.encode((self.key, self.value, self.headers))).digest()


class End(msgspec.Struct, frozen=True, tag="end"):
    """The last line of a whole copy."""

    records: Counts


_line: Final = msgspec.json.Encoder().encode
_read: Final = msgspec.json.Decoder(Record | End).decode


async def export_topics(settings: Settings, path: Path, progress: Progress) -> Counts:
    """Write a copy; one that is there is replaced once the new one is whole, and holds as much.

    Raises:
        ClusterError: a topic is not as it must be, or holds fewer records than the copy.
        Unreachable: the cluster does not answer.
        Stop: the file cannot be read or written, or is no copy.
    """
    try:
        kept = _kept(path)
        with replacing(path) as part:
            found: Counter[str] = Counter(dict.fromkeys(TOPICS, 0))
            async for record in _records_of(settings, await check(settings, TOPICS)):
                part.write(_line(record) + b"\n")
                found[record.topic] += 1
                progress(1)
            for topic in TOPICS:
                _check_count(settings.topic(topic), found[topic], kept[topic])
            part.write(_line(End(dict(found))) + b"\n")
    except OSError as error:
        raise Stop(path, error_text(error)) from error
    return dict(found)


def _kept(path: Path) -> Counter[str]:
    """The counts of a copy that is there already."""
    return Counter(end_of(path).records if path.exists() else {})


def _check_count(topic: str, found: int, kept: int) -> None:
    if found < kept:
        raise ClusterError(topic, FEWER.render({"found": found, "kept": kept}))


async def import_topics(settings: Settings, path: Path, progress: Progress) -> Counts:
    """Publish what topics lack of a copy, in its order; return how many records that were.

    The topics are new, or an interrupted import has begun to fill them.

    Raises:
        ClusterError: a topic is not as it must be, or holds other records than the copy.
        Unreachable: the cluster does not answer. What was published stays.
        Stop: the file cannot be read, or is no whole copy.
    """
    try:
        end_of(path)
        count = await check(settings, TOPICS)
        there: dict[tuple[str, int], list[bytes]] = defaultdict(list)
        async for record in _records_of(settings, count):
            there[record.topic, partition_of(record.key, count)].append(record.digest)
        published, seen = dict.fromkeys(TOPICS, 0), Counter[tuple[str, int]]()
        copied = (each for each in _lines(path) if isinstance(each, Record))
        for topic, records in groupby(copied, attrgetter("topic")):
            receipts = Receipts()
            lacking = _lacking(settings.topic(topic), records, count, there, seen, progress)
            await publish(settings, topic, lacking, receipts)
            published[topic] += receipts.count
    except OSError as error:
        raise Stop(path, error_text(error)) from error
    return published


def end_of(path: Path) -> End:
    """The last line of a copy, every line of which is read; Stop where it is not whole."""
    found: Counter[str] = Counter(dict.fromkeys(TOPICS, 0))
    lines = _lines(path)
    for each in lines:
        if isinstance(each, End):
            if each.records != found or next(lines, None) is not None:
                break
            return each
        found[each.topic] += 1
    raise Stop(path, CUT)


def _lines(path: Path) -> Iterator[Record | End]:
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                yield _read(line)
            except msgspec.MsgspecError as error:
                # A copy appears whole: a cut line is of a file that was copied elsewhere.
                text = NO_COPY.render({"number": number}) if line.endswith(b"\n") else CUT
                raise Stop(path, text) from error


def _lacking(
    name: str,
    records: Iterable[Record],
    count: int,
    there: dict[tuple[str, int], list[bytes]],
    seen: Counter[tuple[str, int]],
    progress: Progress,
) -> Iterator[Message]:
    """The records of a topic that are not there yet; those that are must be the first of them.

    `name` is that of the topic on the cluster; `seen` counts the records so far, by partition.
    """
    for record in records:
        progress(1)
        partition = partition_of(record.key, count)
        place = record.topic, partition
        number, known = seen[place], there[place]
        seen[place] += 1
        if number >= len(known):
            yield Message(record.key, record.value, record.headers)
        elif known[number] != record.digest:
            facts = {"number": number + 1, "partition": partition}
            raise ClusterError(name, ANOTHER.render(facts))


async def _records_of(settings: Settings, count: int) -> AsyncGenerator[Record]:
    """All committed records of the topics, topic by topic, each of so many partitions."""
    places = [
        (topic, TopicPartition(settings.topic(topic), number))
        for topic in TOPICS
        for number in range(count)
    ]
    async with Reader(settings, [place for _topic, place in places], patient=True) as reader:
        for topic, place in places:
            async with aclosing(reader.to_the_end(place)) as chunks:
                async for chunk in chunks:
                    for each in chunk:
                        yield _record(topic, each)


def _record(topic: str, record: ConsumerRecord) -> Record:
    if record.key is None or record.value is None:
        place = TopicPartition(record.topic, record.partition)
        raise ClusterError(place_name(place), FOREIGN.render({"offset": record.offset}))
    return Record(topic, record.key, record.value, list(record.headers))
