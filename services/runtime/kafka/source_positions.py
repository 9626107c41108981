"""The position in a source topic, and the check that it is still the same topic."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from aiokafka.structs import ConsumerRecord, TopicPartition

from events.texts import _
from services.runtime.kafka.reader import Reader
from services.runtime.ops.errors import ClusterError, place_name

LOST = _(
    "records {wanted} to {first} are gone and were never read. Restore the topic from a backup; if "
    "they are lost for good, say so: {give_up}"
)
BEYOND = _(
    "it ends at {end}, but was read up to {wanted}: this is another topic. Restore the one that "
    "was read"
)
ANOTHER = _(
    "at offset {offset} stands another record than the one that was read there: the topic was "
    "re-created. Restore the one that was read"
)


@dataclass(frozen=True, slots=True)
class SourcePosition:
    """The position in one partition of a source, with the last record read."""

    next_offset: int
    last_offset: int | None = None
    last_timestamp_ms: int | None = None
    last_sha256: str | None = None


Position = TypeVar("Position", bound=SourcePosition)

IsSame = Callable[[ConsumerRecord, str], bool]
"""Compares a record with the digest of the one that was read."""


async def check_source(
    reader: Reader,
    place: TopicPartition,
    position: SourcePosition,
    is_same: IsSame,
    give_up: str,
) -> None:
    """Check that a source still holds the next record, and that it is the topic that was read.

    aiokafka knows no topic ids, so a topic that was deleted and created again is known by its
    records: where the last one read is still kept, it must be the same; where it is not, none may
    stand before what comes next. `give_up` is the command by which people give up what is gone
    unread; it may name `topic`, `partition`, and the `first` offset that is left.

    Raises:
        ClusterError: it does not; the message says which and what to do.
    """
    first, end = await reader.bounds(place)
    wanted = position.next_offset
    facts = {"wanted": wanted, "first": first, "end": end, **place._asdict()}
    if wanted < first:
        command = give_up.format_map(facts)
        raise ClusterError(place_name(place), LOST.render(facts | {"give_up": command}))
    if wanted > end:
        raise ClusterError(place_name(place), BEYOND.render(facts))
    last = position.last_offset
    if last is None or last < first:
        if first < wanted:
            record = await reader.record_at(place, first)
            if record is not None and record.offset < wanted:
                raise ClusterError(place_name(place), ANOTHER.render({"offset": record.offset}))
        return
    record = await reader.record_at(place, last)
    if record is None or record.offset != last or not _is_still(record, position, is_same):
        raise ClusterError(place_name(place), ANOTHER.render({"offset": last}))


async def behind_markers(reader: Reader, place: TopicPartition, position: Position) -> Position:
    """Return the position, moved to the end where no readable record stands before that.

    A transaction's last record is followed by its end marker; of an aborted one nothing else can
    be read. A position left before markers would report unread records as lost, once retention
    deletes them.
    """
    # First: what is written from now on stands behind it.
    _unused, end = await reader.bounds(place)
    if position.next_offset >= end or await reader.record_at(place, position.next_offset):
        return position
    return replace(position, next_offset=end)


def _is_still(record: ConsumerRecord, position: SourcePosition, is_same: IsSame) -> bool:
    if position.last_timestamp_ms not in {None, record.timestamp}:
        return False
    return position.last_sha256 is None or is_same(record, position.last_sha256)
