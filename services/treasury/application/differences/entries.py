"""Entries against the ledger, by budget line, up to the last record of which entries were made.

Net debit of the expense = ordered and paid, less recoveries of the year that are ordered and have
not come in the year; net credit of the creditors = ordered; net credit of the account at the
Treasury = paid, less recoveries that came in a later year; net debit of the debtors = recoveries
ordered less those that came. Faults that cancel each other out leave these sums as they are:
`entry_lines` compares each entry.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.projector.tables import moves, recoveries
from services.treasury.application.differences.discrepancy import (
    NAMES,
    Codes,
    Discrepancy,
    DiscrepancyKind,
)
from services.treasury.application.differences.entry_lines import compare, up_to
from services.treasury.application.entries import Place, accepted_records
from services.treasury.domain.entries import Accounts
from services.treasury.domain.postings import Kind, Role
from services.treasury.domain.recoveries import FOLDED, Recoveries
from services.treasury.store.tables import accounting_entries

Sums = dict[Codes, int]
"""Amounts by budget line, in cents."""


@dataclass(frozen=True, slots=True)
class _Identity:
    """An identity: a net sum of entries, and what it must be."""

    kind: DiscrepancyKind
    entries: Sums
    ledger: Sums

    def differing(self) -> list[Codes]:
        """The lines on which both differ."""
        lines = sorted({*self.entries, *self.ledger})
        return [each for each in lines if self.entries.get(each, 0) != self.ledger.get(each, 0)]


async def differences(
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
    found = await _unbalanced(entries, place)
    identities = _identities(await _net_debits(entries, place), await _ledger_sums(ledger, place))
    compared = await compare(entries, ledger, accounts, place, with_accounts=with_accounts)
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
        for codes in each.differing()
    ]
    return found + compared.differing


async def _unbalanced(entries: AsyncConnection, place: Place) -> list[Discrepancy]:
    table = accounting_entries.c
    debit, credit = func.sum(table.debit_cents), func.sum(table.credit_cents)
    asked = (
        select(table.sequence, debit, credit)
        .where(up_to(place))
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
        .where(up_to(place))
        .group_by(table.role, *codes)
    )
    sums: dict[str, Sums] = defaultdict(dict)
    for row in await entries.execute(asked):
        sums[row.role][_codes(row)] = int(row.net_cents)
    return sums


@dataclass(slots=True)
class _Ledger:
    """The ledger's figures by line, up to a record."""

    ordered: Sums
    paid: Sums
    back: Sums
    """Recoveries that came in the budget's year, and reopened credit."""
    asked: Sums
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
    for row in await ledger.execute(asked):
        line, cents = _codes(row), int(row.cents)
        for stage, signed_cents in ((row.from_stage, -cents), (row.to_stage, cents)):
            if stage in {"ordered", "paid"}:
                (sums.ordered if stage == "ordered" else sums.paid)[line] += signed_cents
        if row.from_stage == "paid":
            sums.back[line] += cents
    await _add_recoveries(ledger, place, sums)
    return sums


async def _add_recoveries(ledger: AsyncConnection, place: Place, sums: _Ledger) -> None:
    of_budget = (recoveries.c.budget == place.budget) & (recoveries.c.sequence <= place.sequence)
    any_of_them = select(recoveries.c.sequence).where(of_budget).limit(1)
    if (await ledger.execute(any_of_them)).first() is None:
        return
    folded = Recoveries(place.budget)
    async for each in accepted_records(ledger, place, FOLDED):
        for posting, line, cents in folded.take(each.record):
            sums.owed[line.codes] += cents if posting.debit is Role.DEBTOR else -cents
            if posting.kind is Kind.RECOVERY_COLLECTED:
                sums.back_later[line.codes] += cents
            elif posting.credit is Role.EXPENSE:
                sums.asked[line.codes] += cents
            elif posting.debit is Role.EXPENSE:
                sums.asked[line.codes] -= cents
    for codes, cents in sums.back.items():
        sums.back_later[codes] -= cents


def _identities(net_debits: Mapping[str, Sums], ledger: _Ledger) -> Sequence[_Identity]:
    def net_credits(role: Role) -> Sums:
        return {line: -cents for line, cents in net_debits.get(role, {}).items()}

    lines = {*ledger.ordered, *ledger.paid, *ledger.asked, *ledger.back_later}
    expense = {
        line: ledger.ordered[line] + ledger.paid[line] - (ledger.asked[line] - ledger.back[line])
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


def _codes(row: Any) -> Codes:
    return (row.chapter, row.article, row.function, row.operation)
