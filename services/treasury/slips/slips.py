"""Slips (bordereaux) from the orders that wait to the file: each step is one transaction."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from gzip import decompress
from typing import NoReturn

from sqlalchemy import ColumnElement, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from events.texts import Day, Number, _
from events.treasury import PIECES_MAX, SlipCancelled
from services.treasury.domain.slips import (
    Confirmation,
    SlipNotSent,
    SlipProblem,
    SlipState,
    SlipType,
    UnknownSlip,
    Waiting,
    fitting_count,
    slip_id_of,
)
from services.treasury.pes.accountant import Numbers, TreasuryConfig
from services.treasury.pes.writer import PesFile
from services.treasury.slips.cancelling import (
    CANCELLED_ALREADY,
    check_cancellable,
    check_left,
    check_owed,
    close_duplicates,
)
from services.treasury.slips.issuing import Stamp, issue_draft
from services.treasury.slips.messages import (
    apply_cancelled,
    cancel_message,
    check_compared,
    issue_id,
)
from services.treasury.slips.numbers import (
    DRAFTS,
    GivenNumbers,
    continue_series_at,
    next_number,
)
from services.treasury.slips.orders import are_of_a_process
from services.treasury.slips.waiting import (
    candidates,
    is_candidate,
    is_on_unsent,
    list_answered_or_cancelled,
    list_changed,
    note_confirmed,
    waiting_orders,
)
from services.treasury.store.database import Clock, TreasuryStore
from services.treasury.store.outbox import is_unsent, put
from services.treasury.store.slips import (
    PieceRow,
    SlipRow,
    cancel_slip,
    find_slip,
    is_of_entities,
    its_orders,
    list_pieces,
    list_slips,
    note_exported,
    place_of,
    take_orders,
    write_pieces,
)
from services.treasury.store.tables import orders, slips

NO_SLIP = _("No slip is called {slip}.")
ISSUED_ALREADY = _("Slip {slip} was issued by {by} on {day}: nothing of it can change any more.")
NOT_ISSUED = _("Slip {slip} has no file yet: issue it first.")
NOTHING_TO_CONFIRM = _(
    "Nothing of order {order} is to be confirmed: nothing happened to it since it was issued, it is"
    " confirmed already, or it does not wait for a slip any more."
)
MORE_HAPPENED = _(
    "More happened to order {order} than was shown, up to record {record} of the journal. Look "
    "again, and confirm that."
)
CHANGED_SINCE = _(
    "Slip {slip} was not exported. {reason} Order {order} is confirmed on the slip's page, or by "
    "`ecluse slips confirm` up to record {record}. Or cancel the slip."
)
STANDS_ON = _("Order {order} stands on slip {slip} already, and leaves with it once confirmed.")
NOT_LEFT = _(
    "Slip {slip} was not exported: its message has not left within {seconds} s, and lost tables "
    "would be made again without it. Have the operator check that the treasury's process runs "
    "(`ecluse treasury run`; without Kafka the embedded mode), then export again."
)


class Slips:
    """Acts on slips, by a person or by the schedule.

    Raises:
        SlipProblem: from any method, where what is asked cannot be done; nothing was changed.
        Unreachable: from any method, where a database does not answer.
    """

    leaves_within_s: int = 15
    """Seconds for which an export waits for its slip's message: three looks at the outbox."""

    def __init__(
        self, store: TreasuryStore, read_model: AsyncEngine, config: TreasuryConfig, clock: Clock
    ) -> None:
        self._store = store
        self._read_model = read_model
        self._config = config
        self._clock = clock

    async def waiting(
        self, sirets: frozenset[str] | None, budget: str | None = None
    ) -> list[Waiting]:
        """The orders that wait for a slip, of these entities or of all; the oldest first.

        Behind them those on a slip that was not exported, which a person must confirm.
        """
        async with self._store.reading() as connection:
            which = _is_of_budgets(sirets, budget)
            found = await candidates(connection, self._read_model, self._config, which)
            return found + await self._list_unconfirmed(connection, which)

    async def ready(self, budget: str | None = None) -> list[Waiting]:
        """The orders that nothing keeps from a slip, of this budget or of all."""
        async with self._store.reading() as connection:
            which = _is_of_budgets(None, budget)
            found = await candidates(connection, self._read_model, self._config, which)
            return [each for each in found if not each.reasons]

    async def list_unconfirmed(self, slip_id: str) -> list[Waiting]:
        """The orders on a slip that was not exported, which a person must confirm."""
        async with self._store.reading() as connection:
            return await self._list_unconfirmed(connection, orders.c.slip_id == slip_id)

    async def _list_unconfirmed(
        self, connection: AsyncConnection, which: ColumnElement[bool]
    ) -> list[Waiting]:
        found = []
        for each in await self._to_pay(connection, which & is_on_unsent()):
            if each.to_confirm is not None:
                facts = {"order": each.payment_order, "slip": each.slip_id}
                found.append(replace(each, reasons=(*each.reasons, STANDS_ON.render(facts))))
        return found

    async def check_compared(self) -> None:
        """Check that slips may be made of these tables."""
        async with self._store.reading() as connection:
            await check_compared(connection)

    async def prepare(
        self, budget: str, slip_type: SlipType, by: str, at_most: int = PIECES_MAX
    ) -> SlipRow | None:
        """Put the orders of a budget that are ready on a draft; None where there are none."""
        async with self._store.transaction() as connection:
            await check_compared(connection)
            # Its row is locked: of two that prepare, the second finds what the first has left.
            serial = await next_number(connection, budget, DRAFTS)
            ready = await self._ready(connection, budget, slip_type)
            taken = ready[: fitting_count(ready, at_most)]
            if not taken:
                return None
            await continue_series_at(connection, budget, DRAFTS, serial + 1)
            slip_id = slip_id_of(budget, serial)
            row = {
                "slip_id": slip_id,
                "budget": budget,
                "slip_type": slip_type,
                "state": SlipState.PREPARED,
                "piece_count": len(taken),
                "amount_cents": sum(each.amount_cents for each in taken),
                "prepared_at": self._clock(),
                "prepared_by": by,
            }
            await connection.execute(insert(slips), [row])
            await write_pieces(connection, slip_id, budget, taken)
            names = [each.payment_order for each in taken]
            count = await take_orders(connection, slip_id, budget, slip_type, names)
            assert count == len(taken), "they were locked, and stood on no slip"
            return await find_slip(connection, slip_id)

    async def _ready(
        self, connection: AsyncConnection, budget: str, slip_type: SlipType
    ) -> list[Waiting]:
        """The orders that nothing keeps from a slip, locked; one that is being changed waits."""
        which = is_candidate(slip_type) & (orders.c.budget == budget)
        locked = select(orders.c.payment_order).where(which).with_for_update(skip_locked=True)
        ours = set((await connection.execute(locked)).scalars())
        found = await waiting_orders(connection, self._read_model, self._config, slip_type, which)
        return [each for each in found if not each.reasons and each.payment_order in ours]

    async def confirm(
        self,
        budget: str,
        payment_order: str,
        by: str,
        record: int,
        tell: Callable[[Waiting], Awaitable[None]] | None = None,
    ) -> Waiting:
        """Note a person's word that an order is to be paid, whatever happened up to this record.

        Before that is noted, and only where nothing refuses it, `tell` is given the order.
        """
        of_it = (orders.c.budget == budget) & (orders.c.payment_order == payment_order)
        which = of_it & (orders.c.slip_id.is_(None) | is_on_unsent())
        async with self._store.transaction() as connection:
            # Its row is locked: of two that confirm, the second finds that it is done.
            await connection.execute(select(orders.c.budget).where(of_it).with_for_update())
            found = await self._to_pay(connection, which)
            last = found[0].to_confirm if found else None
            if last is None:
                raise SlipProblem(NOTHING_TO_CONFIRM.render({"order": payment_order}))
            if last != record:
                facts = {"order": payment_order, "record": Number(last)}
                raise SlipProblem(MORE_HAPPENED.render(facts))
            if tell is not None:
                await tell(found[0])
            confirmation = Confirmation(record, self._clock(), by)
            await note_confirmed(connection, budget, payment_order, confirmation)
            (confirmed,) = await self._to_pay(connection, which)
            return confirmed

    async def _to_pay(
        self, connection: AsyncConnection, which: ColumnElement[bool]
    ) -> list[Waiting]:
        return await waiting_orders(
            connection, self._read_model, self._config, SlipType.PAYMENT, which
        )

    async def issue(
        self, slip_id: str, by: str, erp_numbers: GivenNumbers | None = None
    ) -> SlipRow:
        """Number a draft and make its file: it never changes again.

        An order that was cancelled since, or that something keeps from the slip now, is left out.
        """
        async with self._store.transaction() as connection:
            draft = await _lock_slip(connection, slip_id)
            if draft.state is not SlipState.PREPARED:
                _refuse_to_issue(draft)
            await check_compared(connection)
            which = its_orders(slip_id, draft.budget) & (place_of(draft.slip_type) == slip_id)
            judged = await waiting_orders(
                connection, self._read_model, self._config, draft.slip_type, which
            )
            stamp = Stamp(self._clock(), by)
            return await issue_draft(connection, self._config, draft, judged, stamp, erp_numbers)

    async def has_left(self, slip_id: str) -> bool:
        """True where lost tables would be made again with this slip.

        That is once its message is on its topic, in the embedded mode beside the journal. Tables
        without a process have none who sends it, and nothing to be made again of.
        """
        async with self._store.reading() as connection:
            is_waiting = await is_unsent(connection, issue_id(slip_id))
            return not (is_waiting and await are_of_a_process(connection))

    async def export(
        self, slip_id: str, by: str, keep: Callable[[PesFile], None] | None = None
    ) -> PesFile:
        """The file of an issued slip, the same for ever; the first time it is noted who took it.

        Its message has left by then, which is waited for: a file that was sent must be known to
        tables that are made again. The first time alone the file is given to `keep`, before that
        is noted: of several who export at once it is given to one. It does not leave while one of
        its orders is gone and it may still be given up, nor where it would take back what is paid.
        """
        left_s = self.leaves_within_s
        while not await self.has_left(slip_id):
            if left_s <= 0:
                facts = {"slip": slip_id, "seconds": self.leaves_within_s}
                raise SlipNotSent(NOT_LEFT.render(facts))
            await asyncio.sleep(1)
            left_s -= 1
        async with self._store.transaction() as connection:
            slip = await _lock_slip(connection, slip_id)
            if slip.state is SlipState.PREPARED:
                raise SlipProblem(NOT_ISSUED.render({"slip": slip_id}))
            if slip.state is SlipState.CANCELLED:
                raise SlipProblem(CANCELLED_ALREADY.render({"slip": slip_id}))
            asked = select(slips.c.file).where(slips.c.slip_id == slip_id)
            content = (await connection.execute(asked)).scalar_one()
            assert slip.file_name is not None, "it was issued"
            file = PesFile(slip.file_name, decompress(content))
            if slip.exported_at is None:
                if slip.slip_type is SlipType.PAYMENT:
                    gone = await list_answered_or_cancelled(connection, self._read_model, slip_id)
                    await check_owed(connection, slip, gone)
                    await self._check_confirmed(connection, slip)
                else:
                    check_left(slip, await self._list_changed(connection, slip))
                if keep is not None:
                    keep(file)
                await note_exported(connection, slip_id, self._clock(), by)
        return file

    async def _check_confirmed(self, connection: AsyncConnection, slip: SlipRow) -> None:
        """Refuse to export a slip while a person must confirm one of its orders."""
        for each in await self._list_unconfirmed(connection, orders.c.slip_id == slip.slip_id):
            assert each.to_confirm is not None, "it is unconfirmed"
            facts = {"order": each.payment_order, "record": Number(each.to_confirm)}
            facts |= {"slip": slip.slip_id, "reason": each.reason}
            raise SlipProblem(CHANGED_SINCE.render(facts))

    async def cancel(self, slip_id: str, by: str, reason: str | None = None) -> SlipRow:
        """Give up a slip that is not in Hélios: its orders wait again.

        That is a draft, the newest of its type where it was never exported, one that never left
        and would take back what was paid since, one that the gateway refused and no return names,
        and one of which a person says, with a reason, that its number is another program's: the
        gateway called it a duplicate. That number is not used again.
        Waits until a return that is being taken is read to its end: it may name the slip.
        """
        why = (reason or "").strip() or None
        async with self._store.lock_returns() as connection:
            slip = await _lock_slip(connection, slip_id)
            changed = await self._list_changed(connection, slip)
            is_anothers = await check_cancellable(connection, slip, why, changed)
            if slip.number is None:
                await cancel_slip(connection, slip_id, slip.budget, slip.slip_type)
            else:
                data = SlipCancelled(
                    slip=slip_id,
                    budget=slip.budget,
                    slip_type=slip.slip_type.value,
                    number=slip.number,
                    numbers_are_free=not is_anothers and self._frees_numbers(slip),
                    cancelled_at=self._clock(),
                    cancelled_by=by,
                    reason=why,
                )
                await apply_cancelled(connection, data)
                await put(connection, [cancel_message(data)], data.cancelled_at)
                if is_anothers and why:
                    await close_duplicates(connection, slip, by, why, data.cancelled_at)
            found = await find_slip(connection, slip_id)
            assert found is not None, "it is locked"
            return found

    async def _list_changed(self, connection: AsyncConnection, slip: SlipRow) -> list[str]:
        """The orders for which a slip that takes back, and never left, may not leave."""
        is_unsent = slip.state is SlipState.ISSUED and slip.exported_at is None
        if slip.slip_type is SlipType.PAYMENT or not is_unsent:
            return []
        return await list_changed(connection, self._read_model, slip.slip_id)

    def _frees_numbers(self, slip: SlipRow) -> bool:
        """True where later slips take the numbers of this one: nobody outside has seen them."""
        settings = self._config.find_budget(slip.budget)
        numbers = Numbers() if settings is None else settings.numbers
        seen = slip.state is SlipState.REFUSED
        return not numbers.given_by_erp and (numbers.reuse_refused or not seen)

    async def list_all(
        self, sirets: frozenset[str] | None, budget: str | None = None
    ) -> list[SlipRow]:
        """The slips of these entities or of all, the newest first."""
        which = is_of_entities(slips.c.budget, sirets)
        if budget is not None:
            which &= slips.c.budget == budget
        async with self._store.reading() as connection:
            return await list_slips(connection, which)

    async def find(self, slip_id: str) -> SlipRow | None:
        """A slip by its id."""
        async with self._store.reading() as connection:
            return await find_slip(connection, slip_id)

    async def get(self, slip_id: str) -> SlipRow:
        """A slip by its id; UnknownSlip where there is none."""
        found = await self.find(slip_id)
        if found is None:
            raise UnknownSlip(NO_SLIP.render({"slip": slip_id}))
        return found

    async def pieces(self, slip_id: str) -> list[PieceRow]:
        """The pieces of a slip, in their order."""
        async with self._store.reading() as connection:
            return await list_pieces(connection, slip_id)


def _is_of_budgets(sirets: frozenset[str] | None, budget: str | None) -> ColumnElement[bool]:
    """Condition: the order is of this budget, or of any, and of these entities, or of any."""
    which = is_of_entities(orders.c.budget, sirets)
    return which if budget is None else which & (orders.c.budget == budget)


async def _lock_slip(connection: AsyncConnection, slip_id: str) -> SlipRow:
    found = await find_slip(connection, slip_id, locked=True)
    if found is None:
        raise UnknownSlip(NO_SLIP.render({"slip": slip_id}))
    return found


def _refuse_to_issue(slip: SlipRow) -> NoReturn:
    if slip.state is SlipState.CANCELLED:
        raise SlipProblem(CANCELLED_ALREADY.render({"slip": slip.slip_id}))
    facts = {"slip": slip.slip_id, "by": slip.issued_by, "day": Day(str(slip.issued_on))}
    raise SlipProblem(ISSUED_ALREADY.render(facts))
