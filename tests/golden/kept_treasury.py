"""A treasury that a release leaves: its tables, and what a later version must read in them."""

import asyncio
import io
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from services.treasury.returns.returns import Returns
from services.treasury.store.tables import (
    accounting_entries,
    findings,
    outbox,
    own_events,
    pieces,
    slips,
)
from tests.builders import Json, Scenario
from tests.read_model.filling import fill, rows_of
from tests.treasury.books import book, in_both
from tests.treasury.databases import Opened, in_files
from tests.treasury.desk import Desk
from tests.treasury.orders import a_config
from tests.treasury.return_files import Mandat, a_return, a_slip
from tests.treasury.sent_slips import CONFIG, NOW
from tests.treasury.test_bookkeeper import YEAR
from tests.treasury.test_returns_taken import GOOD, TWO_PARTS

PAID: Final = a_return(a_slip(Mandat(1, (TWO_PARTS,), {"EtatPce": "05"}), number=1))
"""The accountant paid the first piece in two parts; the second is not named."""

UNKNOWN: Final = GOOD
"""A return on a slip that nobody sent: findings."""

READ: Final = {
    slips: ("slip_id", "state", "number", "cumulative_cents", "file_name", "file_sha256"),
    pieces: ("slip_id", "position", "payment_order", "number", "amount_cents"),
    accounting_entries: ("budget", "sequence", "item", "account", "debit_cents", "credit_cents"),
    findings: ("kind", "slip_id", "payment_order", "facts"),
    own_events: ("event_id", "payment_order", "event_type", "facts"),
    outbox: ("message_id", "topic", "budget"),
}
"""Columns whose values no later version may change."""


async def facts(both: Opened) -> Json:
    """What stands in the tables, as a later version must read it."""
    found: dict[str, Any] = {}
    async with both.store.reading() as connection:
        for table, names in READ.items():
            columns = [table.c[name] for name in names]
            rows = await connection.execute(select(*columns).order_by(*table.primary_key))
            found[table.name] = [[_plain(value) for value in row] for row in rows]
    return found


def _plain(value: Any) -> Any:
    return value if isinstance(value, int | str | list | dict | None) else str(value)


async def next_number(both: Opened) -> int | None:
    """The number of a slip that is issued now."""
    desk = Desk(both, a_config())
    await desk.orders("N/advance")
    return (await desk.issued()).number


async def _work(both: Opened) -> None:
    """Slips issued, sent and cancelled; entries; a return with findings."""
    await book(both)
    desk = Desk(both, a_config())
    await desk.orders("S/advance", "T/advance")
    await desk.sent()
    await desk.orders("U/advance")
    refused = await desk.sent()
    await desk.refused(refused)
    await desk.slips.cancel(refused.slip_id, "anne")
    returns = Returns(both.store, CONFIG, lambda: NOW)
    for name, content in {"retour.xml": PAID, "inconnu.xml": UNKNOWN}.items():
        await returns.take(io.BytesIO(content), name, "anne")


def a_treasury(folder: Path) -> Json:
    """Its tables in `treasury.db` of a folder, beside a read model; and its facts."""
    url = in_files(folder)
    fill(url, rows_of(Scenario(*YEAR)))

    async def go(both: Opened) -> Json:
        await _work(both)
        return await facts(both)

    return asyncio.run(in_both(url, go))
