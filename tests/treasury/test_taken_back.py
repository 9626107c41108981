"""An order that was cancelled after it was sent, and what the accountant does with it meanwhile."""

import io
from typing import Any, Final

from sqlalchemy import select

from services.treasury.reconciliation import slips
from services.treasury.returns.returns import Returns
from services.treasury.slips.order_messages import OwnRefusal
from services.treasury.slips.orders import note_refusals
from services.treasury.store.tables import own_events
from tests.builders import BUDGET
from tests.treasury.desk import CANCELLATION, NOON, At, Desk, refusal
from tests.treasury.orders import a_config, is_now
from tests.treasury.return_files import Line, Mandat, Paid, a_return, a_slip

ORDER: Final = "A/advance"
HEAD: Final = {"IdPost": "059999", "CodColl": "350"}
LATER: Final = "2023-06-12"
REJECTED: Final[dict[str, Any]] = {
    "EtatPce": "04",
    "DtePceRej": "2023-06-04",
    "DtePcePec": None,
    "ObsEtat": "09",
}


async def an_order_cancelled_on_its_way(desk: Desk) -> None:
    """An order of €1.00 and €2.00, sent and then cancelled."""
    await desk.orders(ORDER, line_cents=(100, 200))
    await desk.sent()
    await is_now(desk.both, ORDER, "cancelled")


def a_line(amount: str, paid: str | None) -> Line:
    payments = () if paid is None else (Paid(paid),)
    return Line(amount, payments, str(len(payments)), paid or "0.00")


async def returned(
    desk: Desk, *paid: str | None, on: str = "2023-06-05", kind: str = "01", **more: Any
) -> None:
    """A return of this day has these payments of both lines, or none."""
    lines = tuple(a_line(*each) for each in zip(("1.00", "2.00"), paid, strict=True))
    content = a_return(a_slip(Mandat(1, lines, more), kind=kind), head={**HEAD, "DteStr": on})
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
        await returned(desk, None, None, **REJECTED)
        assert {} == await desk.waiting()

    at_a_desk(work)


async def paid_whole(desk: Desk) -> None:
    """The accountant has paid an order that was cancelled, which the ledger refused."""
    await returned(desk, "1.00", "2.00", EtatPce="05")
    await refused_by_the_ledger(desk)


def test_a_slip_does_not_leave_that_would_take_back_what_was_paid_since(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await an_order_cancelled_on_its_way(desk)
        slip = await desk.issued(CANCELLATION)
        await paid_whole(desk)
        said = await refusal(desk.slips.export(slip.slip_id, "anne"))
        assert f"it does not take back what is left of {ORDER} now" in said
        assert await desk.slips.find(slip.slip_id) == slip
        await desk.slips.cancel(slip.slip_id, "anne")
        assert {} == await desk.waiting()

    at_a_desk(work)


def test_what_is_left_after_a_part_was_paid_is_taken_back_by_another_slip(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await an_order_cancelled_on_its_way(desk)
        slip = await desk.issued(CANCELLATION)
        await returned(desk, None, "1.50")
        # The ledger has not answered yet: nobody knows what is left.
        assert "is left of" in await refusal(desk.slips.export(slip.slip_id, "anne"))
        await refused_by_the_ledger(desk)
        assert "is left of" in await refusal(desk.slips.export(slip.slip_id, "anne"))
        await desk.slips.cancel(slip.slip_id, "anne")
        again = await desk.sent(CANCELLATION)
        assert (1, [(ORDER, 1, (100, 50))]) == (again.number, await desk.on(again))

    at_a_desk(work)


def test_it_does_not_leave_where_the_accountant_rejected_the_order_since(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await an_order_cancelled_on_its_way(desk)
        slip = await desk.issued(CANCELLATION)
        await returned(desk, None, None, **REJECTED)
        assert "is left of" in await refusal(desk.slips.export(slip.slip_id, "anne"))
        await desk.slips.cancel(slip.slip_id, "anne")
        assert {} == await desk.waiting()

    at_a_desk(work)


def test_a_slip_that_may_not_leave_is_given_up_though_one_that_left_counts_it(
    at_a_desk: At,
) -> None:
    async def work(desk: Desk) -> None:
        await an_order_cancelled_on_its_way(desk)
        slip = await desk.issued(CANCELLATION)
        await desk.orders("B/advance", "C/advance")
        await desk.sent()
        await is_now(desk.both, "B/advance", "cancelled")
        later = await desk.sent(CANCELLATION)
        said = await refusal(desk.slips.cancel(slip.slip_id, "anne"))
        assert f"slip {later.slip_id} was issued after it" in said
        await paid_whole(desk)
        await desk.slips.cancel(slip.slip_id, "anne")
        await is_now(desk.both, "C/advance", "cancelled")
        again = await desk.sent(CANCELLATION)
        assert (1, [("C/advance", 1, (100_000,))]) == (again.number, await desk.on(again))
        async with desk.both.store.reading() as connection:
            assert [] == await slips.compare_totals(connection, BUDGET)

    at_a_desk(work)


def test_a_file_that_takes_back_is_given_again_once_it_left(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await an_order_cancelled_on_its_way(desk)
        slip = await desk.issued(CANCELLATION)
        file = await desk.slips.export(slip.slip_id, "anne")
        await paid_whole(desk)
        assert file == await desk.slips.export(slip.slip_id, "anne")

    at_a_desk(work)


async def not_taken_back(desk: Desk, **more: Any) -> None:
    """The accountant has rejected the piece that takes the order back."""
    await returned(desk, None, None, kind="02", **(REJECTED | more))


async def close_its_finding(desk: Desk) -> None:
    """A person has asked the accountant."""
    returns = Returns(desk.both.store, a_config(), lambda: NOON)
    (found,) = await returns.findings(None, open_only=True)
    assert "cancellation_rejected" == found.kind
    await returns.close(found.finding_id, "anne", "a wrong reference, says the accountant")


def test_an_order_whose_piece_was_rejected_is_taken_back_again_once_somebody_asked(
    at_a_desk: At,
) -> None:
    async def work(desk: Desk) -> None:
        await an_order_cancelled_on_its_way(desk)
        slip = await desk.sent(CANCELLATION)
        await not_taken_back(desk)
        assert "once the finding about it is closed" in str((await desk.waiting())[ORDER])
        assert None is await desk.slips.prepare(BUDGET, CANCELLATION, "anne")
        await close_its_finding(desk)
        assert {ORDER: None} == await desk.waiting()
        said = await refusal(desk.slips.cancel(slip.slip_id, "anne"))
        assert "It stays as it is; an order whose piece on it was rejected waits" in said
        again = await desk.sent(CANCELLATION)
        assert (2, [(ORDER, 2, (100, 200))]) == (again.number, await desk.on(again))
        await not_taken_back(desk)
        assert {} == await desk.waiting()

    at_a_desk(work)


def test_what_was_paid_by_then_is_not_taken_back_again(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await an_order_cancelled_on_its_way(desk)
        await desk.sent(CANCELLATION)
        await paid_whole(desk)
        await not_taken_back(desk)
        assert {} == await desk.waiting()

    at_a_desk(work)


def test_a_piece_that_the_accountant_takes_after_all_is_not_taken_back_again(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await an_order_cancelled_on_its_way(desk)
        await desk.sent(CANCELLATION)
        await not_taken_back(desk)
        await returned(desk, None, None, on=LATER, kind="02")
        await not_taken_back(desk)  # An older file.
        assert {} == await desk.waiting()

    at_a_desk(work)
