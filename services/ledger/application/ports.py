"""What the ledger asks of a store: journal and state kept together, or not at all."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from events.sentences import Sentence
from services.runtime.ops.errors import Stop


class StateKey(NamedTuple):
    """A piece of a budget's state: which budget, which kind of thing, which one."""

    budget: str
    kind: str
    key: str


class JournalRow(NamedTuple):
    """A journal record as bytes, with the chain and place that find it."""

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
    """How far a source was read: the next offset, and what the last record read was."""

    topic: str
    partition: int
    next_offset: int
    last_sha256: str


class Versions(NamedTuple):
    """By which versions of the state's shape and of the rules a store was last written."""

    state: int
    rules: int


@dataclass(slots=True)
class Batch:
    """What one commit writes; all of it, or nothing."""

    records: list[JournalRow] = field(default_factory=list)
    changes: dict[StateKey, bytes | None] = field(default_factory=dict)
    """The new value of each changed piece of state; None removes it."""
    dead_letters: list[DeadLetter] = field(default_factory=list)
    positions: list[Position] = field(default_factory=list)
    internal_events: list[bytes] = field(default_factory=list)
    """What the ledger wrote to itself, to be read behind the input (rules, 32)."""


class Store(Protocol):
    """Keeps the journal, the state that follows from it, and how far the sources were read.

    Raises:
        StoreError: from any method, when the store cannot be read or written.
    """

    def versions(self) -> Versions | None:
        """Who wrote last; None while nothing was written."""
        ...

    def state(self) -> Iterator[tuple[StateKey, bytes]]:
        """Every piece of state, in no particular order."""
        ...

    def positions(self) -> list[Position]:
        """How far each source was read."""
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
        """Let go of what the store holds open."""
        ...


class StoreError(Stop):
    """A store that cannot be read, written or trusted."""


def as_it_says(error: BaseException) -> Sentence:
    """What a library says of a failure, in its own words."""
    return Sentence(str(error), str(error))
