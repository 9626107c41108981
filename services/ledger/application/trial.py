"""A trial: events decided by a ledger that nobody keeps, from the state that a journal leaves."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from msgspec.structs import replace

from services.ledger.application.handle import DecidedBatch, Ledger, RawRecord
from services.ledger.application.restore import Folding
from services.ledger.domain.journal import JournalRecord, Outcome
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

Lines = dict[Line, LineMoney]


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
        """Handle one record as the ledger would, with all that it wakes."""
        first, *others = self.ledger.handle(raw)
        self.latest[first.budget, first.sequence] = first.outcome
        for each in others:
            assert each.resumes is not None, "what stands behind a record was woken by it"
            waited = (each.budget, each.resumes)
            if waited in self.latest:
                self.latest[waited] = each.outcome
            else:
                self.woken += 1

    def changed(self, batch: DecidedBatch) -> Iterator[dict[str, Any]]:
        """The balances of lines that are others than before, in the contract's order."""
        for budget, before in sorted(self.before.items()):
            after = batch.states[budget].book.lines
            for line in sorted(after, key=Line.in_order):
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
    folding = Folding()
    for record in records:
        folding.apply(record)
    ledger = Ledger(folding.budgets, folding.dead, dry_run=True)
    known = {budget: state.book.lines for budget, state in ledger.budgets.items()}
    before = {
        budget: {line: replace(money) for line, money in known.get(budget, {}).items()}
        for budget in budgets
    }
    return Trial(ledger, before)


def _figures(money: LineMoney) -> dict[str, int]:
    return {f"{name}_cents": getattr(money, name) for name in FIGURES}
