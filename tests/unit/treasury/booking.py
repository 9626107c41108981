"""Histories of events as the entries that are made of their records."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from events.journal import read_record
from services.projector.rows.column_values import day_of
from services.treasury.entries.rules import AccountingEntry, Recoveries, entries_of
from services.treasury.pes.accountant import Accounts
from tests.builders import BUDGET, Json, Scenario


class Booked(NamedTuple):
    """A line of an entry in brief: the day, the account, the operation, debit less credit."""

    kind: str
    account: str
    operation: str | None
    net_debit_cents: int


POSTING = re.compile(r"(\w+) ([\d_]+) on (\w+): debit (\w+), credit (\w+)")


def read_row(says: str, events: list[Json], expected: str) -> tuple[str, list[Json], list[Booked]]:
    """Read `order_issued 60 on 489: debit 65748, credit 4671; …`, or `nothing`."""
    booked = []
    for line in [] if expected == "nothing" else expected.split("; "):
        match = POSTING.fullmatch(line)
        assert match is not None, line
        kind, cents, operation, debit, credit = match.groups()
        booked += [
            Booked(kind, debit, operation, int(cents)),
            Booked(kind, credit, operation, -int(cents)),
        ]
    return says, events, booked


def entries(history: Scenario, accounts: Accounts | None = None) -> list[list[AccountingEntry]]:
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


def brief(lines: Iterable[AccountingEntry]) -> list[Booked]:
    return [
        Booked(
            each.kind.value,
            each.account,
            each.operation or None,
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
                key = (each.account, each.operation or None)
                sums[key] = sums.get(key, 0) + each.debit_cents - each.credit_cents
    return {key: cents for key, cents in sums.items() if cents}


def subject(entry: AccountingEntry) -> tuple[str, str | None, str | None]:
    """The convention, the payment order and the recovery that an entry is about."""
    return entry.convention, entry.payment_order, entry.recovery
