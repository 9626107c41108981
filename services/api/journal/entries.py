"""Commitment entries (écritures d'engagement) in the order of the journal; entries as files.

Commitments (comptabilité d'engagement) are the authorising officer's own and stand in no account:
one amount a line, of which the kind gives the sense (CGCT D2342-10). Accounting entries are the
treasury's, and come from it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.texts import Translatable, _
from services.api.files.sheet import Column, Kind, Sheet
from services.api.queries.rows import (
    Act,
    BudgetLine,
    Entities,
    Name,
    is_between,
    mask_name_or_none,
    page_rows,
    row_as,
    same,
    visible,
)
from services.ledger.explain.sentences import ENTRY_KINDS
from services.projector.tables import commitment_entries
from services.treasury.domain.postings import Kind as EntryKind
from services.treasury.entries.rules import AccountingEntry


@dataclass(frozen=True, slots=True)
class CommitmentEntry:
    """A commitment entry: the kind gives the sense, the amount is positive."""

    entry_id: str
    budget: str
    sequence: int
    item: int
    kind: str
    line: BudgetLine
    amount_cents: int
    act: Act | None
    convention: Name | None
    effective_on: date


async def list_commitment_entries(
    conn: AsyncConnection,
    entities: Entities,
    *,
    budget: str | None = None,
    kind: str | None = None,
    convention: str | None = None,
    from_day: date | None = None,
    until_day: date | None = None,
    after: tuple[str, int, int] | None = None,
    limit: int | None = None,
) -> list[CommitmentEntry]:
    """Commitment entries by budget, sequence and item; both days count, by effective date."""
    table = commitment_entries
    key = (table.c.budget, table.c.sequence, table.c.item)
    query = select(table).where(visible(table.c.budget, entities))
    query = query.where(*same(table, budget=budget, kind=kind, convention=convention))
    query = query.where(*is_between(table.c.effective_on, from_day, until_day))
    rows = await page_rows(conn, query, key, after, limit)
    return [row_as(CommitmentEntry, row) for row in rows]


ACCOUNTING_KINDS: Final[Mapping[str, Translatable]] = {
    EntryKind.ORDER_ISSUED: _("order issued"),
    EntryKind.ORDER_GIVEN_BACK: _("order rejected or cancelled"),
    EntryKind.PAYMENT_EXECUTED: _("payment"),
    EntryKind.RECOVERY_ORDERED: _("recovery ordered"),
    EntryKind.RECOVERY_COLLECTED: _("recovery collected"),
    EntryKind.RECOVERY_MOVED: _("recovery moved to another line"),
}
"""The kinds of accounting entries, for people."""

LINE: Final = (
    Column(_("chapter")),
    Column(_("article")),
    Column(_("function")),
    Column(_("operation")),
)
BEGINNING: Final = (Column(_("entry")), Column(_("date"), Kind.DAY), Column(_("budget")))


def accounting_sheet(entries: Sequence[AccountingEntry]) -> Sheet:
    """Accounting entries, a debit or a credit a row, and their totals."""
    columns = (
        *BEGINNING,
        Column(_("account")),
        *LINE,
        Column(_("label")),
        Column(_("convention")),
        Column(_("payment order")),
        Column(_("recovery")),
        Column(_("debit"), Kind.CENTS),
        Column(_("credit"), Kind.CENTS),
    )
    rows = [
        (
            each.entry_id,
            each.booked_on,
            each.budget,
            each.account,
            *each.codes,
            ACCOUNTING_KINDS[each.kind],
            mask_name_or_none(each.convention),
            mask_name_or_none(each.payment_order),
            mask_name_or_none(each.recovery),
            each.debit_cents or None,
            each.credit_cents or None,
        )
        for each in entries
    ]
    debit_cents = sum(each.debit_cents for each in entries)
    credit_cents = sum(each.credit_cents for each in entries)
    total = (_("total"), *(None for _column in columns[:-3]), debit_cents, credit_cents)
    return Sheet(_("Accounting entries"), columns, [*rows, total], frozenset((len(rows),)))


def commitment_sheet(entries: Sequence[CommitmentEntry]) -> Sheet:
    """The journal of commitments, an amount a row."""
    columns = (
        *BEGINNING,
        *LINE,
        Column(_("label")),
        Column(_("convention")),
        Column(_("amount"), Kind.CENTS),
    )
    rows = [
        (
            each.entry_id,
            each.effective_on,
            each.budget,
            each.line.chapter,
            each.line.article,
            each.line.function,
            each.line.operation,
            ENTRY_KINDS[each.kind],
            mask_name_or_none(each.convention),
            each.amount_cents,
        )
        for each in entries
    ]
    return Sheet(_("Commitment entries"), columns, rows)
