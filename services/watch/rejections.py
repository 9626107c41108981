"""Rejections: the events that the ledger refused, and the records that it could not read.

Each is counted from its own topic, by the time at which the ledger wrote it there: Kafka's
timestamp, which no sender can choose.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from events.outbound import EventRefused
from services.watch.read_once import ReadOnce

REASON: Final = "ecluse_dlq_reason"
"""The header of a dead letter with its reason: a code, and a position."""

NO_REASON: Final = "unknown"
"""The code of a rejection that has none."""


@dataclass(frozen=True, slots=True)
class Rejections:
    """A count of rejections, with the first and the last. Times are seconds since 1970."""

    count: int
    oldest_s: float | None
    newest_s: float | None
    by_code: Mapping[str, int]
    """Counts by code, the most frequent first."""


class _Partition:
    """One partition."""

    def __init__(self) -> None:
        self.next = 0
        self.oldest_s: float | None = None
        self.newest_s: float | None = None
        self.by_code: Counter[str] = Counter()


class _Counter(ReadOnce[_Partition]):
    """A topic of rejections, counted by code."""

    def __init__(self) -> None:
        super().__init__(_Partition)

    def in_all(self) -> Rejections:
        """The rejections of all partitions."""
        parts = self._partitions.values()
        by_code: Counter[str] = Counter()
        for each in parts:
            by_code.update(each.by_code)
        oldest = [each.oldest_s for each in parts if each.oldest_s is not None]
        newest = [each.newest_s for each in parts if each.newest_s is not None]
        return Rejections(
            by_code.total(),
            min(oldest, default=None),
            max(newest, default=None),
            dict(sorted(by_code.items(), key=lambda each: (-each[1], each[0]))),
        )


def _count(partition: _Partition, code: str, at_s: float) -> None:
    partition.by_code[code] += 1
    if partition.oldest_s is None or at_s < partition.oldest_s:
        partition.oldest_s = at_s
    if partition.newest_s is None or at_s > partition.newest_s:
        partition.newest_s = at_s


class _Refusal(msgspec.Struct):
    code: str | None = None


class _Answer(msgspec.Struct):
    type: str
    data: _Refusal


_answer: Final = msgspec.json.Decoder(_Answer).decode


class Refusals(_Counter):
    """Refused events, by code; parked events and unreadable records are none."""

    def add(self, number: int, offset: int, raw: bytes | None, at_s: float) -> None:
        """Add one record of the topic of refusals; records of other types are ignored."""
        partition = self._table(number, offset)
        if partition is None:
            return
        try:
            answer = _answer(raw or b"")
        except msgspec.MsgspecError:
            return
        if answer.type == EventRefused.TYPE:
            _count(partition, answer.data.code or NO_REASON, at_s)


class DeadLetters(_Counter):
    """Unreadable records, by the code of their reason."""

    def add(
        self, number: int, offset: int, headers: Iterable[tuple[str, bytes | None]], at_s: float
    ) -> None:
        """Add one record of the topic of dead letters: its own headers precede the ledger's."""
        partition = self._table(number, offset)
        if partition is None:
            return
        reason = b""
        for name, value in headers:
            if name == REASON:
                reason = value or b""
        code = reason.decode(errors="replace").partition(":")[0]
        _count(partition, code or NO_REASON, at_s)
