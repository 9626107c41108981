"""Entries for the ERP as files: accounting entries, and the journal of commitments.

Commitments (comptabilité d'engagement) are the authorising officer's own and stand in no account:
one amount a line, of which the kind gives the sense (CGCT D2342-10).
"""

from collections.abc import Mapping, Sequence
from typing import Final

from events.texts import Translatable, _
from services.api.journal.entries import CommitmentEntry
from services.api.queries.rows import shown_name
from services.api.statements.sheet import Column, Kind, Sheet
from services.ledger.explain.terms import ENTRY_KINDS
from services.treasury.application.entry_list import AccountingEntry
from services.treasury.domain.postings import Kind as EntryKind

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
            shown_name(each.convention),
            shown_name(each.payment_order),
            shown_name(each.recovery),
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
            shown_name(each.convention),
            each.amount_cents,
        )
        for each in entries
    ]
    return Sheet(_("Commitment entries"), columns, rows)
