"""The extent of a reconciliation, and what it leaves out on purpose: in numbers, and in words."""

from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Table, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from events.payments import PaymentExecuted
from events.texts import Translatable, _, ngettext
from services.treasury.domain.slips import SlipState
from services.treasury.store.tables import accounting_entries, own_events, pieces, slips

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


class Compared(NamedTuple):
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

    def plus(self, other: "Compared") -> "Compared":
        """Both together."""
        return Compared(*(one + more for one, more in zip(self, other, strict=True)))

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


async def count(treasury: AsyncConnection, budget: str) -> Compared:
    """Numbers of a budget in the treasury's tables: all of it is compared."""
    its_slips = slips.c.state.not_in((SlipState.PREPARED, SlipState.CANCELLED))
    its_pieces = pieces.c.slip_id.in_(select(slips.c.slip_id).where(its_slips))
    is_payment = own_events.c.event_type == PaymentExecuted.TYPE

    async def number(table: Table, *which: ColumnElement[bool]) -> int:
        asked = select(func.count()).select_from(table).where(table.c.budget == budget, *which)
        return (await treasury.execute(asked)).scalar_one()

    return Compared(
        entries=await number(accounting_entries),
        slips=await number(slips, its_slips),
        pieces=await number(pieces, its_pieces),
        payments=await number(own_events, is_payment),
    )
