"""The interface of a store: journal and state, written in one transaction."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from services.runtime.ops.errors import Stop


class StateKey(NamedTuple):
    """The key of a state row: budget, kind, and key within the kind."""

    budget: str
    kind: str
    key: str


class JournalRow(NamedTuple):
    """A journal record as bytes, with its chain and sequence."""

    budget: str
    sequence: int
    record: bytes


class DeadLetter(NamedTuple):
    """An unreadable record: its bytes, or their beginning where it was too large."""

    chain: str
    sequence: int
    reason: str
    topic: str
    partition: int
    offset: int
    length_bytes: int
    sha256: str
    value: bytes


class Position(NamedTuple):
    """The position in a source: the next offset, and the digest of the last record read."""

    topic: str
    partition: int
    next_offset: int
    last_sha256: str


class Versions(NamedTuple):
    """The versions of the state's shape and of the rules that last wrote a store."""

    state: int
    rules: int


@dataclass(slots=True)
class Batch:
    """The content of one commit."""

    records: list[JournalRow] = field(default_factory=list)
    changes: dict[StateKey, bytes | None] = field(default_factory=dict)
    """The new value of each changed piece of state; None removes it."""
    dead_letters: list[DeadLetter] = field(default_factory=list)
    positions: list[Position] = field(default_factory=list)
    internal_events: list[bytes] = field(default_factory=list)
    """Internal events, to be read after the input (rules, 32)."""


class Store(Protocol):
    """A store of journal, state and positions; any method may raise StoreError."""

    def versions(self) -> Versions | None:
        """The versions of the last writer; None while nothing was written."""
        ...

    def state(self) -> Iterator[tuple[StateKey, bytes]]:
        """Every piece of state, in no particular order."""
        ...

    def positions(self) -> list[Position]:
        """The position in each source."""
        ...

    def ends(self) -> list[JournalRow]:
        """The last record of each chain of the journal."""
        ...

    def journal(self, budget: str | None = None, last: int | None = None) -> Iterator[JournalRow]:
        """The records in the order in which they were written: of one chain or all, or the last."""
        ...

    def find(self, budget: str, sequence: int) -> JournalRow | None:
        """One record."""
        ...

    def dead_letters(self) -> Iterator[DeadLetter]:
        """The unreadable records, with their bytes."""
        ...

    def internal_events(self, first: int = 0) -> Iterator[tuple[int, bytes]]:
        """The internal events in the order in which they were written, numbered from 0."""
        ...

    def commit(self, batch: Batch, versions: Versions) -> None:
        """Write the whole batch, durably, or nothing of it."""
        ...

    def replace_state(self, changes: dict[StateKey, bytes | None], versions: Versions) -> None:
        """Drop all state and write this instead; the journal stays."""
        ...

    def close(self) -> None:
        """Close the store."""
        ...


class StoreError(Stop):
    """A store that cannot be read, written or trusted."""
