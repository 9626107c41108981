"""Where a journal says that events were read: each place once, and each after the one before.

Where the doors themselves can be read, `sources` proves more. A position is not in the hash of its
record: alone, it is evidence of nothing but this order.
"""

from services.verifier.figures import FILE_MARK
from services.verifier.findings import Code, Findings
from services.verifier.records import Record

Door = tuple[str, int]
"""A source: its name, and a partition of it."""


class ReadingOrder:
    """Follows the sources of a journal of which nothing else is at hand.

    Records of several chains may stand in another order than they were written in, as in a file
    that was put together chain by chain: then `in_a_row` is false, and each chain is looked at
    alone.
    """

    def __init__(self, findings: Findings, *, in_a_row: bool) -> None:
        self._findings = findings
        self._in_a_row = in_a_row
        self._last: dict[tuple[str, Door], int] = {}
        self._seen: dict[Door, set[int]] = {}
        self._dead: dict[Door, set[int]] = {}
        """Places of files whose line could not be read: it may have been half written."""

    def follow(self, record: Record) -> None:
        """The next record of the journal; one that resumes names a place that was read before."""
        if record.row["resumes"] is not None:
            return
        topic, partition, offset = record.source
        door = (topic, partition)
        chain = ("" if self._in_a_row else record.budget, door)
        seen = self._seen.setdefault(door, set())
        source = f"{topic}/{partition}/{offset}"
        if offset in seen:
            if not self._was_half_written(door, offset):
                self._findings.add(Code.JOURNALLED_TWICE, record.place, source=source)
        elif offset < self._last.get(chain, offset):
            self._findings.add(Code.JOURNALLED_OUT_OF_ORDER, record.place, source=source)
        seen.add(offset)
        self._last[chain] = max(offset, self._last.get(chain, offset))
        if record.is_dead and FILE_MARK in topic:
            self._dead.setdefault(door, set()).add(offset)
        elif door in self._dead:
            self._dead[door].discard(offset)

    def _was_half_written(self, door: Door, offset: int) -> bool:
        """Whether a line was unreadable once, and may have been read again when it had grown."""
        return offset in self._dead.get(door, ())
