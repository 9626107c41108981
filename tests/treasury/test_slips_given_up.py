"""Slips that are cancelled or not: sent ones, refused ones, ones that never left."""

from datetime import date

import pytest
from sqlalchemy import update

from services.treasury.domain.slips import SlipState
from services.treasury.store.findings import close_finding
from services.treasury.store.tables import findings, piece_states, slips
from tests.builders import BUDGET
from tests.treasury.desk import CANCELLATION, NOON, At, Desk, refusal
from tests.treasury.orders import is_now

DAY = date(2023, 6, 2)


def test_a_slip_that_was_sent_is_not_cancelled(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance")
        slip = await desk.sent()
        assert "was exported by anne" in await refusal(desk.slips.cancel(slip.slip_id, "anne"))
        async with desk.both.store.transaction() as connection:
            await connection.execute(update(slips).values(state=SlipState.ACCEPTED))
        assert "was accepted" in await refusal(desk.slips.cancel(slip.slip_id, "anne"))
        assert await desk.waiting() == {}

    at_a_desk(work)


def test_a_refused_slip_that_a_return_names_is_not_cancelled(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance")
        slip = await desk.sent()
        await desk.refused(slip)
        state = {"slip_id": slip.slip_id, "piece_number": 1, "state": "07", "dated_on": DAY}
        await desk.add(piece_states, state | {"state_on": DAY})
        assert "names a piece of it" in await refusal(desk.slips.cancel(slip.slip_id, "anne"))
        assert await desk.waiting() == {}

    at_a_desk(work)


def test_a_refused_slip_of_which_something_was_paid_is_not_cancelled(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance")
        slip = await desk.sent()
        await desk.refused(slip)
        await desk.returned("A/advance", line=1, amount_cents=100_000)
        assert "names a piece of it" in await refusal(desk.slips.cancel(slip.slip_id, "anne"))

    at_a_desk(work)


@pytest.mark.parametrize(
    ("kind", "slip", "facts"),
    [
        ("answer_differs", f"{BUDGET}-S1", {"slip": 1}),
        ("unknown_slip", None, {"slip": "1", "slip_type": "01"}),
    ],
)
def test_a_refused_slip_is_cancelled_once_no_open_finding_names_it(
    at_a_desk: At, kind: str, slip: str | None, facts: dict[str, object]
) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance")
        refused = await desk.sent()
        await desk.refused(refused)
        row = {"budget": BUDGET, "opened_at": NOON, "finding_id": "one", "kind": kind}
        await desk.add(findings, row | {"slip_id": slip, "facts": facts})
        other = {"finding_id": "other", "slip_id": f"{BUDGET}-S2", "facts": {"slip": "2"}}
        await desk.add(findings, row | other)
        said = await refusal(desk.slips.cancel(refused.slip_id, "anne"))
        assert "an open finding names it" in said
        async with desk.both.store.transaction() as connection:
            await close_finding(connection, "one", "anne", "a second copy", NOON)
        await desk.slips.cancel(refused.slip_id, "anne")
        assert await desk.waiting() == {"A/advance": None}

    at_a_desk(work)


def test_an_unsent_slip_that_a_later_one_counts_is_not_cancelled_before_it(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance")
        first = await desk.issued()
        await desk.orders("B/advance")
        second = await desk.issued()
        said = await refusal(desk.slips.cancel(first.slip_id, "anne"))
        assert f"slip {second.slip_id} was issued after it" in said
        await desk.slips.cancel(second.slip_id, "anne")
        await desk.slips.cancel(first.slip_id, "anne")
        assert (await desk.issued()).cumulative_cents == 200_000

    at_a_desk(work)


def test_slips_of_the_other_type_or_without_number_keep_no_unsent_slip(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance")
        await desk.sent()
        await desk.orders("B/advance")
        unsent = await desk.issued()
        await is_now(desk.both, "A/advance", "cancelled")
        await desk.sent(CANCELLATION)
        await desk.orders("C/advance")
        await desk.prepared()
        await desk.slips.cancel(unsent.slip_id, "anne")

    at_a_desk(work)
