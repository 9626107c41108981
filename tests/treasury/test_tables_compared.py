"""Tables that may lack slips that were sent: none is made of them before they were compared."""

from services.treasury.domain.slips import SlipState
from services.treasury.slips.messages import forget_comparison, note_compared
from tests.builders import BUDGET
from tests.treasury.desk import PAYMENT, At, Desk, refusal


async def not_compared(desk: Desk) -> None:
    """Somebody has made lost tables anew."""
    async with desk.both.store.transaction() as connection:
        await forget_comparison(connection)


def test_of_tables_that_nobody_compared_no_slip_is_prepared_or_issued(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance")
        draft = await desk.prepared()
        await desk.orders("B/advance")
        await not_compared(desk)
        for refused in (
            desk.slips.prepare(BUDGET, PAYMENT, "anne"),
            desk.slips.issue(draft.slip_id, "anne"),
        ):
            said = await refusal(refused)
            assert "slips that were sent would go out again" in said
            assert "start the treasury's process" in said
        assert [draft] == await desk.slips.list_all(None)
        assert {"B/advance": None} == await desk.waiting()
        async with desk.both.store.transaction() as connection:
            await note_compared(connection)
            await note_compared(connection)
        assert SlipState.ISSUED is (await desk.slips.issue(draft.slip_id, "anne")).state

    at_a_desk(work)
