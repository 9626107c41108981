"""Histories of events as the entries that are made of their records."""

from collections.abc import Iterable
from typing import NamedTuple

from events.journal import read_record
from services.projector.rows.column_values import day_of
from services.treasury.config.accounts import Accounts
from services.treasury.domain.entries import EntryLine, entries_of
from services.treasury.domain.recoveries import Recoveries
from tests.builders import BUDGET, Json, Scenario


class Booked(NamedTuple):
    """A line of an entry in brief: the day, the account, the operation, debit less credit."""

    kind: str
    account: str
    operation: str | None
    net_debit_cents: int


def entries(history: Scenario, accounts: Accounts | None = None) -> list[list[EntryLine]]:
    """The entries of each record of a history, in the order of the journal."""
    folded: dict[str, Recoveries] = {}
    made = []
    for row in history.store.journal():
        record = read_record(row.record)
        if record.event is None:
            continue
        day = day_of(record.event)
        recoveries = folded.setdefault(record.budget, Recoveries(record.budget))
        made.append(entries_of(record, day, accounts or Accounts(), recoveries))
    return made


def last(*events: Json) -> list[Booked]:
    """What the last of these events leads to, woken ones left out."""
    return brief(entries(Scenario(*events))[-1])


def brief(lines: Iterable[EntryLine]) -> list[Booked]:
    return [
        Booked(
            each.kind.value,
            each.account,
            each.line.operation,
            each.debit_cents - each.credit_cents,
        )
        for each in lines
    ]


def balances(history: Scenario, budget: str = BUDGET) -> dict[tuple[str, str | None], int]:
    """The net debit by account and operation, where it is not 0."""
    sums: dict[tuple[str, str | None], int] = {}
    for lines in entries(history):
        for each in lines:
            if each.budget == budget:
                key = (each.account, each.line.operation)
                sums[key] = sums.get(key, 0) + each.debit_cents - each.credit_cents
    return {key: cents for key, cents in sums.items() if cents}
