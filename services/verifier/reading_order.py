"""The order of source positions in a journal: each once, each after the one before.

A position is not in the hash of its record, and a journal that was imported begins anew at each
input topic: so what is out of order is counted, and no defect by itself. Where the input topics can
be read, `sources` proves more.
"""

from services.verifier.figures import FILE_MARK
from services.verifier.records import Record

SourcePartition = tuple[str, int]
"""A source: its name, and a partition of it."""


class ReadingOrder:
    """Follows the sources of a journal of which nothing else is at hand.

    Records of several chains may stand in another order than they were written in, as in a file
    that was put together chain by chain: then `in_a_row` is false, and each chain is looked at
    alone.
    """

    def __init__(self, *, in_a_row: bool) -> None:
        self.out_of_order = 0
        """Positions that are behind a later one of their input topic, or stand a second time."""
        self._in_a_row = in_a_row
        self._last: dict[tuple[str, SourcePartition], int] = {}
        self._seen: dict[SourcePartition, set[int]] = {}
        self._half_written: set[tuple[SourcePartition, int]] = set()
        """Lines of files that could not be read: they may be read again when they have grown."""

    def follow(self, record: Record) -> None:
        """The next record of the journal; one that resumes names a place that was read before."""
        if record.row["resumes"] is not None:
            return
        topic, partition, offset = record.source
        input_topic = (topic, partition)
        chain = ("" if self._in_a_row else record.budget, input_topic)
        seen = self._seen.setdefault(input_topic, set())
        if (input_topic, offset) not in self._half_written:
            self.out_of_order += offset in seen or offset < self._last.get(chain, offset)
        seen.add(offset)
        self._last[chain] = offset
        if record.is_dead and FILE_MARK in topic:
            self._half_written.add((input_topic, offset))
        else:
            self._half_written.discard((input_topic, offset))
