"""Reconciliation: entries, slips and returns against the ledger, the ERP against the entries."""

from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from events.payments import PaymentExecuted
from events.texts import Translatable, _, ngettext
from services.projector.database_errors import raising_unreachable
from services.projector.engine import begin_snapshot, engine_address
from services.projector.tables import budgets
from services.treasury.domain.slips import SIRET_DIGITS, SlipState
from services.treasury.entries.bookkeeper import Place
from services.treasury.entries.rules import Accounts
from services.treasury.reconciliation.discrepancy import Discrepancy, DiscrepancyKind
from services.treasury.reconciliation.entries import compare_entries
from services.treasury.reconciliation.erp import ErpTotals, compare_erp
from services.treasury.reconciliation.payments import compare_events, compare_payments
from services.treasury.reconciliation.slips import (
    compare_slips,
    compare_taken_back,
    compare_totals,
)
from services.treasury.store.database import TreasuryStore
from services.treasury.store.tables import accounting_entries, booked, own_events, pieces, slips

ENTRIES: Final = ngettext("{count} accounting entry", "{count} accounting entries")
SLIPS: Final = ngettext("{count} slip", "{count} slips")
PIECES: Final = ngettext("{count} piece", "{count} pieces")
PAYMENTS: Final = ngettext("{count} payment in returns", "{count} payments in returns")
COMPARED: Final = _("Held against the ledger: {entries}; {slips} with {pieces}; {payments}.")
WAITING: Final = ngettext(
    "{count} order waits for a slip, which is no difference: the list of those that wait says for "
    "what.",
    "{count} orders wait for a slip, which is no difference: the list of those that wait says for "
    "what.",
)
ANSWERED: Final = ngettext(
    "{count} order was answered by other means than a slip and its returns: no difference.",
    "{count} orders were answered by other means than a slip and its returns: no difference.",
)


class ComparisonCounts(NamedTuple):
    """Numbers of a reconciliation."""

    entries: int = 0
    slips: int = 0
    pieces: int = 0
    payments: int = 0
    """Payments that returns have."""
    waiting: int = 0
    """Orders that stand on no slip yet."""
    answered_otherwise: int = 0
    """Orders that were answered without one, in budgets that send slips."""

    def plus(self, other: "ComparisonCounts") -> "ComparisonCounts":
        """Both together."""
        return ComparisonCounts(*(one + more for one, more in zip(self, other, strict=True)))

    @property
    def texts(self) -> list[Translatable]:
        """All of it in sentences; nothing of orders that there are none of."""
        counts = {
            "entries": ENTRIES.render(self.entries),
            "slips": SLIPS.render(self.slips),
            "pieces": PIECES.render(self.pieces),
            "payments": PAYMENTS.render(self.payments),
        }
        left_out = [(WAITING, self.waiting), (ANSWERED, self.answered_otherwise)]
        return [COMPARED.render(counts), *(text.render(n) for text, n in left_out if n)]


async def count_compared(treasury: AsyncConnection, budget: str) -> ComparisonCounts:
    """Count what is compared of a budget: entries, slips, pieces and payments."""
    its_slips = slips.c.state.not_in((SlipState.PREPARED, SlipState.CANCELLED))
    its_pieces = pieces.c.slip_id.in_(select(slips.c.slip_id).where(its_slips))
    is_payment = own_events.c.event_type == PaymentExecuted.TYPE

    async def number(table: Table, *which: ColumnElement[bool]) -> int:
        asked = select(func.count()).select_from(table).where(table.c.budget == budget, *which)
        return (await treasury.execute(asked)).scalar_one()

    return ComparisonCounts(
        entries=await number(accounting_entries),
        slips=await number(slips, its_slips),
        pieces=await number(pieces, its_pieces),
        payments=await number(own_events, is_payment),
    )


class Reconciliation(NamedTuple):
    """All differences, and the extent of the comparison."""

    differences: list[Discrepancy]
    compared: ComparisonCounts


async def reconcile(
    store: TreasuryStore,
    read_model: AsyncEngine,
    accounts: Accounts,
    *,
    budget: str | None = None,
    sirets: frozenset[str] | None = None,
    totals: ErpTotals | None = None,
    with_accounts: bool = True,
) -> Reconciliation:
    """Every difference, by budget: of one, of those of these entities, or of all.

    Records of which no entries were made yet are no difference. Each database is seen as it is at
    one moment, so that a slip that is being made meanwhile is none either. Without `with_accounts`
    nobody has named the accounts of entries, and they are not compared.

    Raises:
        Unreachable: a database does not answer.
    """
    found: list[Discrepancy] = []
    compared = ComparisonCounts()
    async with (
        store.reading() as treasury,
        raising_unreachable(engine_address(read_model)),
        read_model.connect() as ledger,
    ):
        await begin_snapshot(ledger)
        done, known = await _places(treasury, booked), await _places(ledger, budgets)
        of_erp = {key.budget for key in totals.totals} if totals else set()
        for name in sorted({*done, *known, *of_erp}):
            if budget in {None, name} and (sirets is None or name[:SIRET_DIGITS] in sirets):
                place = Place(name, done.get(name, 0))
                if place.sequence > known.get(name, 0):
                    kind = DiscrepancyKind.OTHER_JOURNAL
                    found.append(Discrepancy(kind=kind, budget=name, records=(place.sequence,)))
                else:
                    found += await compare_entries(
                        treasury, ledger, accounts, place, with_accounts=with_accounts
                    )
                of_slips = await compare_slips(treasury, ledger, name)
                found += of_slips.differences
                found += await compare_taken_back(treasury, ledger, name)
                found += await compare_totals(treasury, name)
                found += await compare_events(treasury, ledger, name)
                found += await compare_payments(treasury, ledger, name)
                if totals is not None:
                    found += await compare_erp(treasury, totals, name)
                of_budget = (await count_compared(treasury, name))._replace(
                    waiting=of_slips.waiting, answered_otherwise=of_slips.answered_otherwise
                )
                compared = compared.plus(of_budget)
    return Reconciliation(found, compared)


async def _places(connection: AsyncConnection, table: Table) -> dict[str, int]:
    """The last record by budget."""
    rows = await connection.execute(select(table.c.budget, table.c.sequence))
    return {row.budget: row.sequence for row in rows}
