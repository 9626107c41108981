"""Each entry against what the ledger's record and the settings lead to, whatever the sums are.

An entry keeps the account that it was made with: of one that the settings have changed since, it is
named too, for what one account was debited is then credited on another.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.treasury.application.differences.discrepancy import (
    CREDIT,
    DEBIT,
    MEMBERS,
    NAMES,
    Change,
    Codes,
    Discrepancy,
    DiscrepancyKind,
)
from services.treasury.application.entries import Place, accepted_records, row_of
from services.treasury.domain.entries import Accounts
from services.treasury.domain.recoveries import Recoveries
from services.treasury.store.tables import accounting_entries

NAMED: Final = 100
"""Entries of a budget that are named one by one; of the others, the records are."""

Row = Mapping[str, Any]
"""A row of `accounting_entries`."""


@dataclass(slots=True)
class Compared:
    """The entries that are not what their records lead to."""

    budget: str
    members: Sequence[str]
    """The members that are compared."""
    differing: list[Discrepancy] = field(default_factory=list)
    records: dict[Codes, list[int]] = field(default_factory=lambda: defaultdict(list))
    """The records of such entries by their budget lines."""
    more: list[int] = field(default_factory=list)
    """The records of those that are not named one by one."""

    def take(self, sequence: int, made: Iterable[Row], stored: Iterable[Row]) -> None:
        """Compare the entries of a record: those that it leads to, and those in the tables."""
        expected, found = ({row["item"]: row for row in rows} for rows in (made, stored))
        differing = [
            item
            for item in sorted({*expected, *found})
            if self._compared(expected.get(item)) != self._compared(found.get(item))
        ]
        rows = [each[item] for each in (expected, found) for item in differing if item in each]
        for codes in {_codes(row) for row in rows}:
            self.records[codes].append(sequence)
        for item in differing:
            if len(self.differing) < NAMED:
                self.differing.append(self._difference(expected.get(item), found.get(item)))
            elif sequence not in self.more[-1:]:
                self.more.append(sequence)

    def end(self) -> None:
        """Add the records of the entries that were not named."""
        if self.more:
            kind, records = DiscrepancyKind.MORE_ENTRIES_DIFFER, tuple(self.more)
            self.differing.append(Discrepancy(kind=kind, budget=self.budget, records=records))

    def _difference(self, expected: Row | None, found: Row | None) -> Discrepancy:
        """An entry that is missing, that comes of no record, or that is another one."""
        row = expected if found is None else found
        assert row is not None, "an entry is at least on one side"
        facts: dict[str, Any] = {
            "budget": row["budget"],
            "codes": _codes(row),
            "account": row["account"],
            "payment_order": row["payment_order"],
            "entry_id": f"{row['budget']}/{row['sequence']}/{row['item']}",
            "records": (row["sequence"],),
        }
        if expected is not None and found is not None:
            changes = tuple(
                Change(name, _value(expected[name]), _value(found[name]))
                for name in self.members
                if expected[name] != found[name]
            )
            return Discrepancy(kind=DiscrepancyKind.ENTRY_DIFFERS, changes=changes, **facts)
        side = DEBIT if row["debit_cents"] else CREDIT
        cents = row[f"{side}_cents"]
        if found is None:
            kind = DiscrepancyKind.ENTRY_MISSING
            return Discrepancy(kind=kind, side=side, expected_cents=cents, **facts)
        return Discrepancy(
            kind=DiscrepancyKind.ENTRY_UNKNOWN, side=side, found_cents=cents, **facts
        )

    def _compared(self, row: Row | None) -> list[Any] | None:
        return None if row is None else [row[name] for name in self.members]


async def compare(
    entries: AsyncConnection,
    ledger: AsyncConnection,
    accounts: Accounts,
    place: Place,
    *,
    with_accounts: bool,
) -> Compared:
    """Compare all entries of a budget up to a place, record by record as they are read.

    `entries` reads the treasury's tables, `ledger` the read model.
    """
    members = [name for name in MEMBERS if with_accounts or name != "account"]
    compared, folded = Compared(place.budget, members), Recoveries(place.budget)
    stored = _stored(entries, place)
    ahead = await anext(stored, None)
    async for each in accepted_records(ledger, place):
        sequence = each.record.sequence
        while ahead is not None and ahead[0] < sequence:
            compared.take(ahead[0], (), ahead[1])
            ahead = await anext(stored, None)
        rows: Sequence[Row] = ()
        if ahead is not None and ahead[0] == sequence:
            rows = ahead[1]
            ahead = await anext(stored, None)
        there = {row["item"]: row["booked_on"] for row in rows}
        made = map(row_of, each.lines(accounts, folded, there))
        compared.take(sequence, made, rows)
    while ahead is not None:
        compared.take(ahead[0], (), ahead[1])
        ahead = await anext(stored, None)
    compared.end()
    return compared


async def _stored(entries: AsyncConnection, place: Place) -> AsyncIterator[tuple[int, list[Row]]]:
    """The entries in the tables, by their records."""
    table = accounting_entries.c
    asked = select(accounting_entries).where(up_to(place)).order_by(table.sequence, table.item)
    sequence, rows = 0, list[Row]()
    async with entries.stream(asked) as found:
        async for row in found.mappings():
            if row["sequence"] != sequence:
                if rows:
                    yield sequence, rows
                sequence, rows = row["sequence"], []
            rows.append(dict(row))
    if rows:
        yield sequence, rows


def _value(value: Any) -> str | int | None:
    """A member as it is reported."""
    return value.isoformat() if isinstance(value, date) else value


def _codes(row: Row) -> Codes:
    chapter, article, function, operation = (row[name] for name in NAMES)
    return (chapter, article, function, operation)


def up_to(place: Place) -> ColumnElement[bool]:
    """The entries of a budget up to a place."""
    table = accounting_entries.c
    return (table.budget == place.budget) & (table.sequence <= place.sequence)
