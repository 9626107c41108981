"""What the ledger set aside: the events that it refused, the records that nobody could read. Pure.

Each is told from its own topic, record by record, by the time at which the ledger wrote it there:
that is Kafka's timestamp, which no sender can choose.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from events.outbound import EventRefused
from services.watch.read_once import ReadOnce

REASON: Final = "ecluse_dlq_reason"
"""The header of a dead letter that says why it is one: a code, and where."""

NO_REASON: Final = "unknown"
"""What stands for a code where there is none."""


@dataclass(frozen=True, slots=True)
class Aside:
    """How many there are, since when, and why. Times are seconds since 1970."""

    count: int
    oldest_s: float | None
    newest_s: float | None
    why: Mapping[str, int]
    """How many by code, the most frequent first."""


class _Partition:
    """What one partition holds."""

    def __init__(self) -> None:
        self.next = 0
        self.oldest_s: float | None = None
        self.newest_s: float | None = None
        self.why: Counter[str] = Counter()


class _Tally(ReadOnce[_Partition]):
    """A topic of things set aside, counted by why."""

    def __init__(self) -> None:
        super().__init__(_Partition)

    def in_all(self) -> Aside:
        """All partitions together."""
        parts = self._partitions.values()
        why: Counter[str] = Counter()
        for each in parts:
            why.update(each.why)
        oldest = [each.oldest_s for each in parts if each.oldest_s is not None]
        newest = [each.newest_s for each in parts if each.newest_s is not None]
        return Aside(
            why.total(),
            min(oldest, default=None),
            max(newest, default=None),
            dict(sorted(why.items(), key=lambda each: (-each[1], each[0]))),
        )


def _count(partition: _Partition, code: str, at_s: float) -> None:
    partition.why[code] += 1
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


class Refusals(_Tally):
    """The events that were refused, by code; what waits or was unreadable is no refusal."""

    def add(self, number: int, offset: int, raw: bytes | None, at_s: float) -> None:
        """One record of the topic of refusals; what is none of the contract is passed over."""
        partition = self._place(number, offset)
        if partition is None:
            return
        try:
            answer = _answer(raw or b"")
        except msgspec.MsgspecError:
            return
        if answer.type == EventRefused.TYPE:
            _count(partition, answer.data.code or NO_REASON, at_s)


class DeadLetters(_Tally):
    """The records that could not be read, by the code of their reason."""

    def add(
        self, number: int, offset: int, headers: Iterable[tuple[str, bytes | None]], at_s: float
    ) -> None:
        """One record of the topic of dead letters: its own headers stand before the ledger's."""
        partition = self._place(number, offset)
        if partition is None:
            return
        reason = b""
        for name, said in headers:
            if name == REASON:
                reason = said or b""
        code = reason.decode(errors="replace").partition(":")[0]
        _count(partition, code or NO_REASON, at_s)
