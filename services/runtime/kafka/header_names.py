"""Records whose header names are not UTF-8: read all the same, since anybody may send one.

aiokafka 0.14 fails at such a name, at every attempt, and nobody would get past the record. Kafka's
own client replaces what it cannot read.
"""

import struct
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from aiokafka.consumer import fetcher
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import MemoryRecords

LENGTH_AT: Final = 8
OVERHEAD_BYTES: Final = 12
"""The place of a batch's length (int32), and how many bytes it does not count (Kafka protocol)."""


class _Escaping(bytearray):
    """Bytes whose parts become text with escapes in place of what is not UTF-8."""

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return _Escaping(found) if isinstance(at, slice) else found

    def decode(self, encoding: str = "utf-8", _errors: str = "") -> str:
        return super().decode(encoding, "backslashreplace")


class _Batch:
    """A batch of aiokafka's compiled reader, which reads it again by the one in Python if it must.

    All but its records is the compiled batch's.
    """

    def __init__(self, compiled: Any, raw: memoryview) -> None:
        self._compiled = compiled
        self._raw = raw

    def __getattr__(self, name: str) -> Any:
        return getattr(self._compiled, name)

    def __iter__(self) -> Iterator[Any]:
        count = 0
        try:
            for record in self._compiled:
                count += 1
                yield record
        except UnicodeDecodeError:
            again: Any = iter(_DefaultRecordBatchPy(self._raw))
            again._buffer = _Escaping(again._buffer)  # noqa: SLF001
            yield from islice(again, count, None)

    def __next__(self) -> Any:
        return next(self._compiled)


class _Records:
    """The batches of a fetch of one partition."""

    def __init__(self, raw: bytes) -> None:
        self._compiled = MemoryRecords(raw)
        self._raw = memoryview(raw)
        self._next_at = 0

    def has_next(self) -> bool:
        """True while a whole batch is left."""
        return bool(self._compiled.has_next())

    def size_in_bytes(self) -> int:
        """The size of all records of the batch."""
        return int(self._compiled.size_in_bytes())

    def next_batch(self) -> _Batch:
        """The next batch; there must be one."""
        at = self._next_at
        (length,) = struct.unpack_from(">i", self._raw, at + LENGTH_AT)
        self._next_at = at + OVERHEAD_BYTES + length
        return _Batch(self._compiled.next_batch(), self._raw[at : self._next_at])


def read_any_header_name() -> None:
    """Let every consumer of this process read such header names, with escapes."""
    fetcher.MemoryRecords = _Records
