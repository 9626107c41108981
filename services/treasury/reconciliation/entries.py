"""Entries against the ledger, by budget line and one by one, up to the last record booked.

Net debit of the expense = ordered and paid, less recoveries of the year that are ordered and have
not come in the year; net credit of the creditors = ordered; net credit of the account at the
Treasury = paid, less recoveries that came in a later year; net debit of the debtors = recoveries
ordered less those that came. Faults that cancel each other out leave these sums as they are, so
each entry is compared with what its record and the settings lead to.

An entry keeps the account that it was made with: of one that the settings have changed since, it is
named too, for what one account was debited is then credited on another.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import ColumnElement, RowMapping, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.projector.tables import moves, recoveries
from services.treasury.domain.postings import Kind, Role
from services.treasury.entries.bookkeeper import Place, read_accepted_records
from services.treasury.entries.rules import FOLDED, Accounts, Recoveries
from services.treasury.reconciliation.discrepancy import (
    CREDIT,
    DEBIT,
    MEMBERS,
    NAMES,
    Change,
    Codes,
    Discrepancy,
    DiscrepancyKind,
    list_differing,
)
from services.treasury.store.tables import accounting_entries

Sums = dict[Codes, int]
"""Amounts by budget line, in cents."""


@dataclass(frozen=True, slots=True)
class _Identity:
    """An identity: a net sum of entries, and what it must be."""

    kind: DiscrepancyKind
    entries: Sums
    ledger: Sums


async def compare_entries(
    entries: AsyncConnection,
    ledger: AsyncConnection,
    accounts: Accounts,
    place: Place,
    *,
    with_accounts: bool,
) -> list[Discrepancy]:
    """The identities that do not hold, and the entries that are not what their records lead to.

    `entries` reads the treasury's tables, `ledger` the read model; `place` is the last record of
    which entries were made. Without `with_accounts` nobody has named the accounts: they are not
    compared.
    """
    found = await _find_unbalanced(entries, place)
    identities = _identities(await _net_debits(entries, place), await _ledger_sums(ledger, place))
    compared = await _compare_lines(entries, ledger, accounts, place, with_accounts=with_accounts)
    found += [
        Discrepancy(
            kind=each.kind,
            budget=place.budget,
            codes=codes,
            expected_cents=each.ledger.get(codes, 0),
            found_cents=each.entries.get(codes, 0),
            records=tuple(compared.records.get(codes, ())),
        )
        for each in identities
        for codes in sorted(list_differing(each.ledger, each.entries, 0))
    ]
    return found + compared.differing


async def _find_unbalanced(entries: AsyncConnection, place: Place) -> list[Discrepancy]:
    table = accounting_entries.c
    debit, credit = func.sum(table.debit_cents), func.sum(table.credit_cents)
    asked = (
        select(table.sequence, debit, credit)
        .where(_up_to(place))
        .group_by(table.sequence)
        .having(debit != credit)
        .order_by(table.sequence)
    )
    return [
        Discrepancy(
            kind=DiscrepancyKind.UNBALANCED,
            budget=place.budget,
            expected_cents=int(credit_cents),
            found_cents=int(debit_cents),
            records=(sequence,),
        )
        for sequence, debit_cents, credit_cents in await entries.execute(asked)
    ]


async def _net_debits(entries: AsyncConnection, place: Place) -> Mapping[str, Sums]:
    """The net debit of each role by line."""
    table = accounting_entries.c
    net = func.sum(table.debit_cents) - func.sum(table.credit_cents)
    codes = [table[name] for name in NAMES]
    asked = (
        select(table.role, *codes, net.label("net_cents"))
        .where(_up_to(place))
        .group_by(table.role, *codes)
    )
    sums: dict[str, Sums] = defaultdict(dict)
    for row in (await entries.execute(asked)).mappings():
        sums[row["role"]][_codes_of(row)] = int(row["net_cents"])
    return sums


@dataclass(slots=True)
class _Ledger:
    """The ledger's figures by line, up to a record."""

    ordered: Sums
    paid: Sums
    back: Sums
    """Recoveries that came in the budget's year, and reopened credit."""
    recoveries: Sums
    """Recoveries of the year that were ordered, on the lines on which they stand now."""
    back_later: Sums
    """Recoveries that came later, or once the year was closed."""
    owed: Sums
    """Recoveries that were ordered and have not come, of any year."""


async def _ledger_sums(ledger: AsyncConnection, place: Place) -> _Ledger:
    sums = _Ledger(*(defaultdict(int) for _ in range(6)))
    by = [*(moves.c[name] for name in NAMES), moves.c.from_stage, moves.c.to_stage]
    asked = (
        select(*by, func.sum(moves.c.amount_cents).label("cents"))
        .where(moves.c.budget == place.budget, moves.c.sequence <= place.sequence)
        .group_by(*by)
    )
    for row in (await ledger.execute(asked)).mappings():
        line, cents = _codes_of(row), int(row["cents"])
        for stage, signed_cents in ((row["from_stage"], -cents), (row["to_stage"], cents)):
            if stage in {"ordered", "paid"}:
                (sums.ordered if stage == "ordered" else sums.paid)[line] += signed_cents
        if row["from_stage"] == "paid":
            sums.back[line] += cents
    await _add_recoveries(ledger, place, sums)
    return sums


async def _add_recoveries(ledger: AsyncConnection, place: Place, sums: _Ledger) -> None:
    of_budget = (recoveries.c.budget == place.budget) & (recoveries.c.sequence <= place.sequence)
    any_of_them = select(recoveries.c.sequence).where(of_budget).limit(1)
    if (await ledger.execute(any_of_them)).first() is None:
        return
    folded = Recoveries(place.budget)
    async for each in read_accepted_records(ledger, place, FOLDED):
        for posting, line, cents in folded.take(each.record):
            sums.owed[line.codes] += cents if posting.debit is Role.DEBTOR else -cents
            if posting.kind is Kind.RECOVERY_COLLECTED:
                sums.back_later[line.codes] += cents
            elif posting.credit is Role.EXPENSE:
                sums.recoveries[line.codes] += cents
            elif posting.debit is Role.EXPENSE:
                sums.recoveries[line.codes] -= cents
    for codes, cents in sums.back.items():
        sums.back_later[codes] -= cents


def _identities(net_debits: Mapping[str, Sums], ledger: _Ledger) -> Sequence[_Identity]:
    def net_credits(role: Role) -> Sums:
        return {line: -cents for line, cents in net_debits.get(role, {}).items()}

    lines = {*ledger.ordered, *ledger.paid, *ledger.recoveries, *ledger.back_later}
    expense = {
        line: ledger.ordered[line]
        + ledger.paid[line]
        - (ledger.recoveries[line] - ledger.back[line])
        for line in lines
    }
    treasury = {line: ledger.paid[line] - ledger.back_later[line] for line in lines}
    return (
        _Identity(DiscrepancyKind.EXPENSE_DIFFERS, dict(net_debits.get(Role.EXPENSE, {})), expense),
        _Identity(
            DiscrepancyKind.CREDITORS_DIFFER, net_credits(Role.CREDITOR), dict(ledger.ordered)
        ),
        _Identity(DiscrepancyKind.TREASURY_DIFFERS, net_credits(Role.TREASURY), treasury),
        _Identity(
            DiscrepancyKind.DEBTORS_DIFFER, dict(net_debits.get(Role.DEBTOR, {})), ledger.owed
        ),
    )


NAMED: Final = 100
"""Entries of a budget that are named one by one; of the others, the records are."""

Row = Mapping[str, Any]
"""A row of `accounting_entries`."""


@dataclass(slots=True)
class _Lines:
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
        expected, actual = ({row["item"]: row for row in rows} for rows in (made, stored))
        differing = sorted(list_differing(self._values(expected), self._values(actual), []))
        rows = [each[item] for each in (expected, actual) for item in differing if item in each]
        for codes in {_codes_of(row) for row in rows}:
            self.records[codes].append(sequence)
        for item in differing:
            if len(self.differing) < NAMED:
                self.differing.append(self._difference(expected.get(item), actual.get(item)))
            elif sequence not in self.more[-1:]:
                self.more.append(sequence)

    def end(self) -> None:
        """Add the records of the entries that were not named."""
        if self.more:
            kind, records = DiscrepancyKind.MORE_ENTRIES_DIFFER, tuple(self.more)
            self.differing.append(Discrepancy(kind=kind, budget=self.budget, records=records))

    def _difference(self, expected: Row | None, actual: Row | None) -> Discrepancy:
        """An entry that is missing, that comes of no record, or that is another one."""
        row = expected if actual is None else actual
        assert row is not None, "an entry is at least on one side"
        facts: dict[str, Any] = {
            "budget": row["budget"],
            "codes": _codes_of(row),
            "account": row["account"],
            "payment_order": row["payment_order"],
            "entry_id": f"{row['budget']}/{row['sequence']}/{row['item']}",
            "records": (row["sequence"],),
        }
        if expected is not None and actual is not None:
            changes = tuple(
                Change(name, _value(expected[name]), _value(actual[name]))
                for name in self.members
                if expected[name] != actual[name]
            )
            return Discrepancy(kind=DiscrepancyKind.ENTRY_DIFFERS, changes=changes, **facts)
        side = DEBIT if row["debit_cents"] else CREDIT
        cents = row[f"{side}_cents"]
        if actual is None:
            kind = DiscrepancyKind.ENTRY_MISSING
            return Discrepancy(kind=kind, side=side, expected_cents=cents, **facts)
        return Discrepancy(
            kind=DiscrepancyKind.ENTRY_UNKNOWN, side=side, found_cents=cents, **facts
        )

    def _values(self, rows: Mapping[int, Row]) -> Mapping[int, list[Any]]:
        return {item: [row[name] for name in self.members] for item, row in rows.items()}


async def _compare_lines(
    entries: AsyncConnection,
    ledger: AsyncConnection,
    accounts: Accounts,
    place: Place,
    *,
    with_accounts: bool,
) -> _Lines:
    """Compare each entry of a budget up to a place, record by record as they are read.

    `entries` reads the treasury's tables, `ledger` the read model.
    """
    members = [name for name in MEMBERS if with_accounts or name != "account"]
    compared, folded = _Lines(place.budget, members), Recoveries(place.budget)
    stored = _read_stored(entries, place)
    ahead = await anext(stored, None)
    async for each in read_accepted_records(ledger, place):
        sequence = each.record.sequence
        while ahead is not None and ahead[0] < sequence:
            compared.take(ahead[0], (), ahead[1])
            ahead = await anext(stored, None)
        rows: Sequence[Row] = ()
        if ahead is not None and ahead[0] == sequence:
            rows = ahead[1]
            ahead = await anext(stored, None)
        there = {row["item"]: row["booked_on"] for row in rows}
        made = [line.row for line in each.lines(accounts, folded, there)]
        compared.take(sequence, made, rows)
    while ahead is not None:
        compared.take(ahead[0], (), ahead[1])
        ahead = await anext(stored, None)
    compared.end()
    return compared


async def _read_stored(
    entries: AsyncConnection, place: Place
) -> AsyncIterator[tuple[int, list[Row]]]:
    """The entries in the tables, by their records."""
    table = accounting_entries.c
    asked = select(accounting_entries).where(_up_to(place)).order_by(table.sequence, table.item)
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


def _codes_of(row: Row | RowMapping) -> Codes:
    chapter, article, function, operation = (row[name] for name in NAMES)
    return (chapter, article, function, operation)


def _up_to(place: Place) -> ColumnElement[bool]:
    """The entries of a budget up to a place."""
    table = accounting_entries.c
    return (table.budget == place.budget) & (table.sequence <= place.sequence)
