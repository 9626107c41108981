"""The summary of `ecluse replay --json`: balances from the state, history from the journal."""

from collections.abc import Iterable
from operator import itemgetter
from typing import Any

import msgspec

from services.ledger.application.handle import Ledger
from services.ledger.application.outbound_messages import convention_balance, line_balance
from services.ledger.application.ports import JournalRow
from services.ledger.application.restore import Folding, read_row
from services.ledger.domain.journal import JournalRecord, Outcome, Source
from services.ledger.domain.model.book import Book
from services.ledger.domain.model.lines import Line, line_from_row
from services.ledger.explain.answers import flag_row
from services.ledger.explain.refusals import refusal_row
from services.ledger.files.replay import FILE_MARK

ENTRY_MEMBERS = ("entry_id", "budget", "kind", "line", "amount_cents", "convention")


def summary(ledger: Ledger, journal: Iterable[JournalRow]) -> dict[str, Any]:
    """The result of all that was read, in the order of the contract (rules, 35)."""
    history = History()
    folding = Folding(forgets=False)
    closed_out = {name for name, state in ledger.budgets.items() if state.book.closed_out}
    for row in journal:
        record = read_row(row)
        history.add(record)
        if record.budget in closed_out:
            folding.apply(record)
    budgets = {**ledger.budgets, **folding.budgets}
    return summary_of(Ledger(budgets, ledger.dead), history)


def summary_of(ledger: Ledger, history: "History") -> dict[str, Any]:
    """The same of a complete ledger, with the history of its journal."""
    books = [ledger.budgets[name].book for name in sorted(ledger.budgets)]
    outcomes = _outcomes(ledger)
    return {
        "events": sum(outcomes.values()),
        "outcomes": outcomes,
        "lines": [row for book in books for row in _line_rows(book)],
        "conventions": [row for book in books for row in _convention_rows(book)],
        "payment_orders": [
            ledger.budgets[budget].book.orders[name].row(budget)
            for budget, name in _sort(history.orders)
        ],
        "commitment_entries": _sort(history.entries),
        "refusals": _sort(history.refusals),
        "dead_letters": [
            {"position": _position(source), "reason": reason}
            for source, reason in sorted(history.dead_letters)
        ],
        "review_flags": _sort(history.flags),
        "heads": {name: ledger.budgets[name].memory.head for name in sorted(ledger.budgets)},
    }


def _outcomes(ledger: Ledger) -> dict[str, int]:
    memories = [state.memory for state in ledger.budgets.values()]
    return {
        "accepted": sum(memory.accepted for memory in memories),
        "duplicate": sum(memory.duplicate for memory in memories),
        "refused": sum(memory.refused for memory in memories),
        "parked": sum(len(memory.parked) for memory in memories),
        "dead_letter": sum(chain.sequence for chain in ledger.dead.values()),
    }


def _line_rows(book: Book) -> list[dict[str, Any]]:
    lines = sorted(book.lines.items(), key=lambda item: Line.sort_key(item[0]))
    return [msgspec.to_builtins(line_balance(book.budget, line, money)) for line, money in lines]


def _convention_rows(book: Book) -> list[dict[str, Any]]:
    return [
        msgspec.to_builtins(convention_balance(book.budget, name, money))
        for name, convention in sorted(book.conventions.items())
        for money in sorted(convention.lines, key=lambda each: each.line.sort_key())
    ]


Placed = tuple[tuple[str, int], Any]


def _sort(placed: list[Placed]) -> list[Any]:
    """Sort by budget and sequence; items of one record keep their order."""
    return [value for _, value in sorted(placed, key=itemgetter(0))]


def _position(source: Source) -> int | str:
    """The position of a dead letter: a line of a file (rules, 6), or an offset on Kafka."""
    if FILE_MARK in source.topic:
        return source.offset
    return f"{source.topic}/{source.partition}/{source.offset}"


class History:
    """The facts that only the journal holds."""

    def __init__(self) -> None:
        self.orders: list[Placed] = []
        self.entries: list[Placed] = []
        self.refusals: list[Placed] = []
        self.flags: list[Placed] = []
        self.dead_letters: list[tuple[Source, str]] = []

    def add(self, record: JournalRecord) -> None:
        """Add the next record of the journal."""
        place, budget = (record.budget, record.sequence), record.budget
        for change in record.payment_orders:
            if change.issued is not None:
                self.orders.append((place, (budget, change.order.payment_order)))
        for entry in record.commitment_entries:
            line = line_from_row(entry["line"]).row()
            named = {"budget": budget, **entry, "line": line}
            self.entries.append((place, {name: named[name] for name in ENTRY_MEMBERS}))
        for flag in record.review_flags:
            row = flag_row(flag)
            self.flags.append((place, {"budget": budget, "event_id": record.event_id, **row}))
        if record.refusal is not None:
            row = refusal_row(record.refusal)
            self.refusals.append((place, {"budget": budget, "event_id": record.event_id, **row}))
        if record.outcome is Outcome.DEAD_LETTER and record.dead_letter is not None:
            reason = record.dead_letter["reason"]
            self.dead_letters.append((record.source, reason))
