"""Rows of partitions in `ecluse lag`: those that are alike, with nothing to read, share one."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from events.lag import Partition, Stage, State
from events.texts import Translatable, verbatim
from services.lag.judge.sums import earliest, total
from services.lag.present import texts
from services.lag.present.figures import UNKNOWN, count, duration_text, short_topic
from services.lag.present.texts import named

ARROWS: Final = {"up": " ↑", "down": " ↓", "level": " →"}
RUNNING: Final = "running"


class Row(NamedTuple):
    """One partition, or several of one state, one owner and no backlog."""

    partitions: Sequence[Partition]

    @property
    def places(self) -> Translatable:
        """`events/0–3`, the partitions of each topic on a line."""
        return joined_text(*_places(self.partitions))

    @property
    def state(self) -> State:
        return self.partitions[0].state

    @property
    def position(self) -> int | None:
        """The committed offsets, added up as for a stage."""
        return total(each.committed for each in self.partitions)

    @property
    def end(self) -> int | None:
        return total(each.end for each in self.partitions)

    @property
    def behind(self) -> int | None:
        return self.partitions[0].behind

    @property
    def oldest_event_at(self) -> datetime | None:
        return earliest(each.oldest_event_at for each in self.partitions)

    @property
    def waits_since(self) -> datetime | None:
        return self.partitions[0].waits_since

    @property
    def trend(self) -> str | None:
        return self.partitions[0].trend

    @property
    def drain_s(self) -> float | None:
        return self.partitions[0].drain_s

    @property
    def owner(self) -> Translatable:
        """The owner, with its activity unless it is running: without one that is of the past."""
        first = self.partitions[0]
        if first.owner is None:
            return verbatim(UNKNOWN)
        if first.doing is None or first.doing == RUNNING:
            return verbatim(first.owner)
        return joined_text(first.owner, named(texts.DOING, first.doing))


def rows_of(stage: Stage) -> list[Row]:
    """The partitions of a stage in rows; one that has something to read stands alone."""
    rows: dict[object, list[Partition]] = {}
    for each in stage.partitions:
        alike = (each.state, each.owner, each.doing, each.behind)
        alone = (each.topic, each.partition)
        rows.setdefault(alone if each.behind or each.held else alike, []).append(each)
    return [Row(each) for each in rows.values()]


def place(partition: Partition) -> str:
    """`events/0`: the short topic and the number of a partition."""
    return f"{short_topic(partition.topic)}/{partition.partition}"


def progress(
    row: Stage | Row,
    position: int | None,
    end: int | None,
    oldest: Translatable | str,
) -> Sequence[object]:
    """Position, end, backlog, its oldest event and the time to drain: none where all is done."""
    behind = count(row.behind)
    trend = ARROWS.get(row.trend or "", "") if row.behind else ""
    waits: Sequence[object] = ("", "")
    if row.oldest_event_at is not None or row.behind != 0:
        waits = (oldest, duration_text(row.drain_s))
    facts = {"behind": behind, "trend": trend}
    return count(position), count(end), Translatable("{behind}{trend}", facts), *waits


def joined_text(*facts: object, by: str = "\n") -> Translatable:
    """Facts below one another, or with something else between them."""
    numbered = {f"line{number}": fact for number, fact in enumerate(facts)}
    return Translatable(by.join(f"{{{name}}}" for name in numbered), numbered)


def _places(partitions: Iterable[Partition]) -> Iterator[str]:
    numbers: dict[str, list[int]] = {}
    for each in partitions:
        numbers.setdefault(short_topic(each.topic), []).append(each.partition)
    for topic, found in numbers.items():
        yield f"{topic}/{', '.join(_ranges(sorted(found)))}"


def _ranges(numbers: Sequence[int]) -> Iterator[str]:
    """`0–3`, `7`: numbers that follow each other together."""
    first = numbers[0]
    for number, following in zip(numbers, (*numbers[1:], None), strict=True):
        if following != number + 1:
            yield str(first) if first == number else f"{first}–{number}"
            first = number if following is None else following
