"""A trial: events decided by a ledger that nobody keeps, from the state that a journal leaves."""

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from msgspec.structs import replace

from events.topics import INTERNAL_EVENTS
from services.ledger.application.handle import DecidedBatch, Ledger, RawRecord, RecordedEvent
from services.ledger.application.ports import StateKey
from services.ledger.application.restore import Folding
from services.ledger.application.state_rows import restore_budgets, take_changed_rows
from services.ledger.domain.journal import JournalRecord, Outcome, Source
from services.ledger.domain.model.book import BudgetState
from services.ledger.domain.model.lines import Line, LineMoney

FIGURES: Final = (
    "appropriated",
    "available",
    "reserved",
    "committed",
    "ordered",
    "paid",
    "carried_over",
)
"""The money of a line, in the order of the expenditure chain."""

STATES_MAX: Final = 8
"""Budgets whose states are kept from one trial to the next: some two megabytes for the largest."""

Lines = dict[Line, LineMoney]


class KnownState(NamedTuple):
    """The state of a budget behind one of its records: a trial reads what follows alone."""

    sequence: int
    head: str
    """The hash of that record: the same hash is the same history."""
    rows: Mapping[StateKey, bytes]
    """The state as a store has it."""


class KnownStates:
    """The states of the budgets that were tried last, each behind the last record it had then."""

    def __init__(self) -> None:
        self._states: OrderedDict[str, KnownState] = OrderedDict()

    def find(self, budgets: Iterable[str]) -> dict[str, KnownState]:
        """Return the known states of these budgets."""
        return {each: self._states[each] for each in budgets if each in self._states}

    def keep(self, states: Mapping[str, KnownState]) -> None:
        """Keep these, and of others the ones that were asked for last."""
        for budget, state in states.items():
            self._states[budget] = state
            self._states.move_to_end(budget)
        while len(self._states) > STATES_MAX:
            self._states.popitem(last=False)


@dataclass(slots=True)
class Trial:
    """Events handled by a ledger that nobody keeps."""

    ledger: Ledger
    before: dict[str, Lines]
    """The lines of each budget that the events name, as they stood before the first of them."""
    latest: dict[tuple[str, int], Outcome] = field(default_factory=dict)
    """What became of each event, by the record that it was given first (rules, 5)."""
    woken: int = 0
    """How many events were decided that had waited before."""

    def handle(self, raw: RawRecord) -> None:
        """Handle one record as the ledger would, with all that it wakes.

        The internal events of a closing are decided at once (rules, 32), but none for a budget of
        which no event speaks: its state was not read.
        """
        decided = self.ledger.batch.decided
        count = len(decided)
        first, *others = self.ledger.handle(raw)
        self.latest[first.budget, first.sequence] = first.outcome
        self._count_woken(others)
        written = [
            each.internal_events for each in decided[count:] if isinstance(each, RecordedEvent)
        ]
        for number, (budget, value) in enumerate(chain(*written)):
            if budget in self.before:
                source = Source(INTERNAL_EVENTS, raw.source.partition, number)
                _opening, *others = self.ledger.handle(RawRecord(value, source))
                self._count_woken(others)

    def _count_woken(self, records: Iterable[JournalRecord]) -> None:
        for each in records:
            assert each.resumes is not None, "what stands behind a record was woken by it"
            waited = (each.budget, each.resumes)
            if waited in self.latest:
                self.latest[waited] = each.outcome
            else:
                self.woken += 1

    def list_changed_lines(self, batch: DecidedBatch) -> Iterator[dict[str, Any]]:
        """Yield the balances of lines that the events changed, in the contract's order."""
        for budget, before in sorted(self.before.items()):
            after = batch.states[budget].book.lines
            for line in sorted(after, key=Line.sort_key):
                was = before.get(line, LineMoney())
                if was != after[line]:
                    yield {
                        "budget": budget,
                        "line": line.row(),
                        "before": _figures(was),
                        "after": _figures(after[line]),
                    }


def trial_of(records: Iterable[JournalRecord], budgets: Collection[str]) -> Trial:
    """A trial from where these records leave these budgets; each chain from its first record on.

    Raises:
        StoreError: a record is not the next one of its budget, or its event is damaged.
    """
    return _trial(_fold(records), budgets)


def trial_behind(
    known: Mapping[str, KnownState], records: Iterable[JournalRecord], budgets: Collection[str]
) -> tuple[Trial, dict[str, KnownState]]:
    """A trial from these states and the records behind them, and the states that it begins from.

    A state is read again in a twentieth of the time that its records take.

    Raises:
        StoreError: as `trial_of`.
    """
    folding = _fold(
        records, restore_budgets(row for each in known.values() for row in each.rows.items())
    )
    behind = {}
    for budget, state in folding.budgets.items():
        before, memory = known.get(budget), state.memory
        if before is not None and before.sequence == memory.sequence:
            behind[budget] = before
            continue
        rows = {} if before is None else dict(before.rows)
        for key, value in take_changed_rows(state):
            if value is None:
                rows.pop(key, None)
            else:
                rows[key] = value
        behind[budget] = KnownState(memory.sequence, memory.head, rows)
    return _trial(folding, budgets), behind


def _fold(
    records: Iterable[JournalRecord], known: Mapping[str, BudgetState] = MappingProxyType({})
) -> Folding:
    folding = Folding()
    folding.budgets.update(known)
    for record in records:
        folding.apply(record)
    return folding


def _trial(folding: Folding, budgets: Collection[str]) -> Trial:
    ledger = Ledger(folding.budgets, folding.dead, dry_run=True)
    known = {budget: state.book.lines for budget, state in ledger.budgets.items()}
    before = {
        budget: {line: replace(money) for line, money in known.get(budget, {}).items()}
        for budget in budgets
    }
    return Trial(ledger, before)


def _figures(money: LineMoney) -> dict[str, int]:
    return {f"{name}_cents": getattr(money, name) for name in FIGURES}
