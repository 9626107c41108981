"""A store in memory: for a run that ends, and for tests."""

from collections.abc import Iterator

from events.texts import _
from services.ledger.application.ports import (
    Batch,
    DeadLetter,
    JournalRow,
    Position,
    StateKey,
    StoreError,
    Versions,
)


class MemoryStore:
    """Keeps everything until the process ends."""

    def __init__(self) -> None:
        self._journal: list[JournalRow] = []
        self._index: dict[tuple[str, int], JournalRow] = {}
        self._ends: dict[str, JournalRow] = {}
        self._state: dict[StateKey, bytes] = {}
        self._positions: dict[tuple[str, int], Position] = {}
        self._dead_letters: dict[tuple[str, int], DeadLetter] = {}
        self._internal_events: list[bytes] = []
        self._versions: Versions | None = None

    def versions(self) -> Versions | None:
        return self._versions

    def state(self) -> Iterator[tuple[StateKey, bytes]]:
        yield from self._state.items()

    def positions(self) -> list[Position]:
        return list(self._positions.values())

    def ends(self) -> list[JournalRow]:
        return list(self._ends.values())

    def journal(self, budget: str | None = None, last: int | None = None) -> Iterator[JournalRow]:
        rows = [row for row in self._journal if budget is None or row.budget == budget]
        yield from rows if last is None else rows[max(0, len(rows) - last) :]

    def find(self, budget: str, sequence: int) -> JournalRow | None:
        return self._index.get((budget, sequence))

    def dead_letters(self) -> Iterator[DeadLetter]:
        yield from self._dead_letters.values()

    def internal_events(self, first: int = 0) -> Iterator[tuple[int, bytes]]:
        yield from list(enumerate(self._internal_events))[first:]

    def commit(self, batch: Batch, versions: Versions) -> None:
        self._refuse_repeats(batch)
        for row in batch.records:
            self._journal.append(row)
            self._index[row.budget, row.sequence] = row
            self._ends[row.budget] = row
        self._write_state(batch.changes)
        self._internal_events += batch.internal_events
        for each in batch.dead_letters:
            self._dead_letters[each.chain, each.sequence] = each
        for position in batch.positions:
            self._positions[position.topic, position.partition] = position
        self._versions = versions

    def _refuse_repeats(self, batch: Batch) -> None:
        """Refuse a second record in one place of the journal or of the dead letters."""
        places = [(row.budget, row.sequence) for row in batch.records]
        dead = [(each.chain, each.sequence) for each in batch.dead_letters]
        for found, before in ((places, self._index), (dead, self._dead_letters)):
            repeated = [place for place in found if place in before]
            if repeated or len(set(found)) < len(found):
                twice = repeated or found
                raise StoreError("memory", _("written twice: {twice}").render({"twice": twice}))

    def replace_state(self, changes: dict[StateKey, bytes | None], versions: Versions) -> None:
        self._state.clear()
        self._write_state(changes)
        self._versions = versions

    def _write_state(self, changes: dict[StateKey, bytes | None]) -> None:
        for key, value in changes.items():
            if value is None:
                self._state.pop(key, None)
            else:
                self._state[key] = value

    def close(self) -> None:
        """Do nothing: no resource is open."""
