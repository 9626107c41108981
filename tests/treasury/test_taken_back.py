"""An order that was cancelled after it was sent, and what the accountant does with it meanwhile."""

import io
from typing import Any, Final

from sqlalchemy import select

from services.treasury.application.returns import Returns
from services.treasury.domain.messages import OwnRefusal
from services.treasury.store.orders import note_refusals
from services.treasury.store.tables import own_events
from tests.builders import BUDGET
from tests.treasury.desk import CANCELLATION, NOON, At, Desk
from tests.treasury.orders import a_config, is_now
from tests.treasury.return_files import Line, Mandat, Paid, a_return, a_slip

ORDER: Final = "A/advance"
HEAD: Final = {"IdPost": "059999", "CodColl": "350"}
LATER: Final = "2023-06-12"


async def an_order_cancelled_on_its_way(desk: Desk) -> None:
    """An order of €1.00 and €2.00, sent and then cancelled."""
    await desk.orders(ORDER, line_cents=(100, 200))
    await desk.sent()
    await is_now(desk.both, ORDER, "cancelled")


def a_line(amount: str, paid: str | None) -> Line:
    payments = () if paid is None else (Paid(paid),)
    return Line(amount, payments, str(len(payments)), paid or "0.00")


async def returned(desk: Desk, *paid: str | None, on: str = "2023-06-05", **more: Any) -> None:
    """A return of this day has these payments of both lines, or none."""
    lines = tuple(a_line(*each) for each in zip(("1.00", "2.00"), paid, strict=True))
    content = a_return(a_slip(Mandat(1, lines, more)), head={**HEAD, "DteStr": on})
    taken = await Returns(desk.both.store, a_config(), lambda: NOON).take(
        io.BytesIO(content), "retour.xml", "anne"
    )
    assert "taken" == taken.outcome


async def refused_by_the_ledger(desk: Desk) -> None:
    """The ledger has refused each event of a return, for it had cancelled the order."""
    async with desk.both.store.transaction() as connection:
        asked = select(own_events.c.event_id)
        refused = [
            OwnRefusal(BUDGET, event_id, {"code": "payment_order_closed", "message": {}})
            for event_id in (await connection.execute(asked)).scalars()
        ]
        await note_refusals(connection, refused, lambda: NOON)


def test_what_the_accountant_paid_of_a_cancelled_order_is_not_taken_back(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await an_order_cancelled_on_its_way(desk)
        await returned(desk, None, "1.50")
        assert "the ledger has only €0.00 as paid" in str((await desk.waiting())[ORDER])
        await refused_by_the_ledger(desk)
        assert {ORDER: None} == await desk.waiting()
        assert [(ORDER, 1, (100, 50))] == await desk.on(await desk.sent(CANCELLATION))

    at_a_desk(work)


def test_a_payment_that_the_newest_return_names_no_more_is_none(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await an_order_cancelled_on_its_way(desk)
        await returned(desk, None, "1.50")
        await refused_by_the_ledger(desk)
        await returned(desk, None, None, on=LATER)
        assert [(ORDER, None, (100, 200))] == await desk.on(await desk.prepared(CANCELLATION))

    at_a_desk(work)


def test_a_payment_that_the_ledger_has_and_the_newest_return_has_not_keeps_the_order(
    at_a_desk: At,
) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders(ORDER, line_cents=(100, 200))
        await desk.sent()
        await returned(desk, None, "1.50")
        await is_now(desk.both, ORDER, "cancelled", paid_cents=150)
        assert {ORDER: None} == await desk.waiting()
        await returned(desk, None, None, on=LATER)
        reason = str((await desk.waiting())[ORDER])
        assert "has €1.50 of it as paid, and the accountant's newest returns only €0.00" in reason
        assert "why one is named no more" in reason

    at_a_desk(work)


def test_a_cancelled_order_that_the_accountant_paid_whole_waits_for_nothing(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await an_order_cancelled_on_its_way(desk)
        await returned(desk, "1.00", "2.00", EtatPce="05")
        await refused_by_the_ledger(desk)
        assert {} == await desk.waiting()

    at_a_desk(work)


def test_a_cancelled_order_that_the_accountant_rejected_is_not_taken_back(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await an_order_cancelled_on_its_way(desk)
        assert {ORDER: None} == await desk.waiting()
        await returned(
            desk, None, None, EtatPce="04", DtePceRej="2023-06-04", DtePcePec=None, ObsEtat="09"
        )
        assert {} == await desk.waiting()

    at_a_desk(work)
