"""Reconciliation: entries, slips and returns against the ledger, the ERP against the entries."""

from typing import NamedTuple

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.projector.database import engine_address
from services.projector.database_errors import raising_unreachable
from services.projector.snapshot import begin_snapshot
from services.projector.tables import budgets
from services.treasury.application.differences import (
    entries,
    erp,
    own_events,
    payments,
    slip_totals,
    slips,
    taken_back,
)
from services.treasury.application.differences.compared import Compared, count
from services.treasury.application.differences.discrepancy import Discrepancy, DiscrepancyKind
from services.treasury.application.differences.erp import ErpTotals
from services.treasury.application.entries import Place
from services.treasury.domain.entries import Accounts
from services.treasury.domain.slips import SIRET_DIGITS
from services.treasury.store.database import TreasuryStore
from services.treasury.store.tables import booked


class Reconciliation(NamedTuple):
    """All differences, and the extent of the comparison."""

    differences: list[Discrepancy]
    compared: Compared


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
    compared = Compared()
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
                    found += await entries.differences(
                        treasury, ledger, accounts, place, with_accounts=with_accounts
                    )
                of_slips = await slips.compare(treasury, ledger, name)
                found += of_slips.differences
                found += await taken_back.differences(treasury, ledger, name)
                found += await slip_totals.differences(treasury, name)
                found += await own_events.differences(treasury, ledger, name)
                found += await payments.differences(treasury, ledger, name)
                if totals is not None:
                    found += await erp.differences(treasury, totals, name)
                of_budget = (await count(treasury, name))._replace(
                    waiting=of_slips.waiting, answered_otherwise=of_slips.answered_otherwise
                )
                compared = compared.plus(of_budget)
    return Reconciliation(found, compared)


async def _places(connection: AsyncConnection, table: Table) -> dict[str, int]:
    """The last record by budget."""
    rows = await connection.execute(select(table.c.budget, table.c.sequence))
    return {row.budget: row.sequence for row in rows}
