"""Header names that are not UTF-8, at which aiokafka's compiled reader fails: read with escapes."""

from typing import Any

from aiokafka.consumer import fetcher
from aiokafka.record import memory_records
from aiokafka.record.default_records import _DefaultRecordBatchPy
from aiokafka.record.memory_records import _MemoryRecordsPy


class _Escaping(bytearray):
    """Bytes whose parts become text with escapes in place of what is not UTF-8."""

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        return _Escaping(found) if isinstance(at, slice) else found

    def decode(self, encoding: str = "utf-8", _errors: str = "") -> str:
        return super().decode(encoding, "backslashreplace")


class _Batch(_DefaultRecordBatchPy):  # type: ignore[misc] # it is final, and has no option
    def _maybe_uncompress(self) -> None:
        super()._maybe_uncompress()
        self._buffer: bytearray = _Escaping(self._buffer)


def read_any_header_name() -> None:
    """Let consumers of this process read batches in Python from now on, escapes included."""
    memory_records.DefaultRecordBatch = _Batch
    fetcher.MemoryRecords = _MemoryRecordsPy
