"""Restoring a ledger from a store: its state checked against its journal, or rebuilt from it."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Final, NamedTuple

import structlog

from events.codec import ReceivedEvent, reread
from events.texts import _, verbatim
from services.ledger.application.handle import ChainEnd, Ledger
from services.ledger.application.ports import JournalRow, StateKey, Store, StoreError, Versions
from services.ledger.application.state_rows import (
    STATE_VERSION,
    read_sequences,
    restore_budgets,
    take_changed_rows,
)
from services.ledger.domain.evolve import evolve
from services.ledger.domain.fiscal_year import close_out, is_over
from services.ledger.domain.invariants import check_book
from services.ledger.domain.journal import RULES_VERSION, JournalRecord, Outcome, read_record
from services.ledger.domain.model.book import BudgetState, new_budget

VERSIONS = Versions(STATE_VERSION, RULES_VERSION)
"""The versions that this program writes."""

TOO_NEW = _(
    "the store was written by a newer Écluse ({written}; this one knows {known}): upgrade it"
)
UNREADABLE = _("its event is not readable ({reason}): go back to a backup")
ANOTHER = _("another one stands there: go back to a backup")
SHORTER = _("it ends at record {held}, the state knows {known}: go back to a backup")
NOT_NEXT = _("it does not follow record {before}: go back to a backup")
CHANGED = _("its event is not the one that was recorded: go back to a backup")

IMPORTING = _("an import was left unfinished there: finish it, ecluse journal import FILE --db …")

IMPORTING_SOURCE: Final = "ecluse.import"
"""The source name of an import among a store's positions."""

IMPORTED: Final = "imported"
"""The digest of that position once the import is complete."""

LOGGED_RECORDS: Final = 100_000
"""The number of records between progress lines of a rebuild."""

STATE_ERRORS: Final = (ValueError, TypeError, KeyError, AssertionError)
"""The errors of lost or changed state rows; the journal is the truth."""

log: Final = structlog.stdlib.get_logger("ecluse.ledger")


def open_ledger(store: Store) -> Ledger:
    """The ledger as the store last committed it.

    Raises:
        StoreError: the store was written by a newer Écluse, or its journal does not hold together.
    """
    written = store.versions()
    if written is not None and (written.state > STATE_VERSION or written.rules > RULES_VERSION):
        versions = {
            "written": f"{written.state}/{written.rules}",
            "known": f"{STATE_VERSION}/{RULES_VERSION}",
        }
        raise StoreError("Écluse", TOO_NEW.render(versions))
    for position in store.positions():
        if position.topic == IMPORTING_SOURCE and position.last_sha256 != IMPORTED:
            raise StoreError("import", IMPORTING)
    ends = {row.budget: read_row(row) for row in store.ends()}
    dead = {
        name: ChainEnd(record.sequence, record.hash)
        for name, record in ends.items()
        if record.outcome is Outcome.DEAD_LETTER
    }
    agreed = {name: record for name, record in ends.items() if name not in dead}
    try:
        budgets = _read_state(store, written, agreed)
    except STATE_ERRORS as error:
        log.warning("state_rebuilt", why=str(error) or type(error).__name__)
        budgets = rebuild_state(store)
    return Ledger(budgets, dead)


def rebuild_state(store: Store) -> dict[str, BudgetState]:
    """Fold the journal of a store, and store the resulting state; StoreError as `fold`."""
    budgets = fold(store.journal())
    for state in budgets.values():
        check_book(state.book)
    changes: dict[StateKey, bytes | None] = {}
    for state in budgets.values():
        changes.update(take_changed_rows(state))
    store.replace_state(changes, VERSIONS)
    return budgets


def _read_state(
    store: Store, written: Versions | None, ends: dict[str, JournalRecord]
) -> dict[str, BudgetState]:
    """Read the state from its rows; raise where the journal must rebuild it."""
    if written is None and ends:
        raise ValueError("the state says no version")
    if written is not None and written.state != STATE_VERSION:
        _check_whole(read_sequences(store.state()), ends)
        raise ValueError(f"the state has the shape of version {written.state}")
    budgets = restore_budgets(store.state())
    _check_whole({name: state.memory.sequence for name, state in budgets.items()}, ends)
    if not _agrees(budgets, ends):
        raise ValueError("the state does not agree with the journal")
    for state in budgets.values():
        check_book(state.book)
    return budgets


def _check_whole(known: dict[str, int], ends: dict[str, JournalRecord]) -> None:
    """StoreError where decided records are gone: folding the rest would lose them silently."""
    for name, sequence in known.items():
        held = ends[name].sequence if name in ends else 0
        if sequence > held:
            raise StoreError(f"journal {name}", SHORTER.render({"known": sequence, "held": held}))


def fold(journal: Iterable[JournalRow]) -> dict[str, BudgetState]:
    """The state after a journal; StoreError where a record is damaged, missing or out of place."""
    folding = Folding()
    for number, row in enumerate(journal, start=1):
        folding.apply(read_row(row))
        if number % LOGGED_RECORDS == 0:
            log.info("state_being_rebuilt", records=number)
    return folding.budgets


class Folding:
    """A fold in progress: the state after the records seen so far.

    A ledger drops closed years in which nothing more can happen; `forgets=False` keeps their
    figures.
    """

    def __init__(self, *, forgets: bool = True) -> None:
        self._forgets = forgets
        self.budgets: dict[str, BudgetState] = {}
        self.dead: dict[str, ChainEnd] = {}

    def apply(self, record: JournalRecord) -> ReceivedEvent | None:
        """Apply the next record of its chain; return its event, unless it is a dead letter.

        Raises:
            StoreError: it is not the next one, or its event is damaged.
        """
        if record.outcome is Outcome.DEAD_LETTER:
            self.dead[record.budget] = ChainEnd(record.sequence, record.hash)
            return None
        state = self.budgets.get(record.budget)
        if state is None:
            state = self.budgets[record.budget] = new_budget(record.budget)
        _check_place(state, record)
        try:
            received = reread(record.event or b"")
        except ValueError as error:
            raise StoreError(_place(record), UNREADABLE.render({"reason": error})) from error
        evolve(state, record, received)
        if self._forgets and is_over(state):
            self.budgets[record.budget] = close_out(state)
        return received


class ReadRecord(NamedTuple):
    """A journal record, and its bytes."""

    record: JournalRecord
    raw: bytes

    @property
    def row(self) -> JournalRow:
        """The record as a row of a journal."""
        return JournalRow(self.record.budget, self.record.sequence, self.raw)


def read_row(row: JournalRow) -> JournalRecord:
    """Decode a row of the journal; StoreError where it is damaged, or another is in its place."""
    try:
        record = read_record(row.record)
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(_place(row), verbatim(error)) from error
    if (record.budget, record.sequence) != (row.budget, row.sequence):
        raise StoreError(_place(row), ANOTHER)
    return record


def _place(record: JournalRow | JournalRecord) -> str:
    return f"journal {record.budget}/{record.sequence}"


def _check_place(state: BudgetState, record: JournalRecord) -> None:
    """Check that a record follows the one before it, and holds the event of its digest."""
    memory = state.memory
    if (record.sequence, record.previous_hash) != (memory.sequence + 1, memory.head):
        raise StoreError(_place(record), NOT_NEXT.render({"before": memory.sequence}))
    if sha256(record.event or b"").hexdigest() != record.event_sha256:
        raise StoreError(_place(record), CHANGED)


def _agrees(budgets: dict[str, BudgetState], ends: dict[str, JournalRecord]) -> bool:
    """Return whether the state of each budget is that at the end of its journal."""
    known = {name: (state.memory.sequence, state.memory.head) for name, state in budgets.items()}
    return known == {name: (record.sequence, record.hash) for name, record in ends.items()}
