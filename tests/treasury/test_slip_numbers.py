"""Numbers of slips and pieces, and two operators at once."""

import asyncio
from dataclasses import replace

import pytest

from services.treasury.domain.slips import SlipProblem, SlipState
from services.treasury.slips.numbers import GivenNumbers
from services.treasury.store.slips import SlipRow
from tests.builders import BUDGET
from tests.treasury.desk import CANCELLATION, NOON, PAYMENT, At, Desk, in_english, refusal
from tests.treasury.orders import a_config, is_now


def test_numbers_and_the_years_sum_go_on_by_budget_and_type(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance", "B/advance", line_cents=(10,))
        first = await desk.sent()
        await desk.orders("C/advance", line_cents=(5,))
        second = await desk.issued()
        assert [first.number, second.number] == [1, 2]
        assert [first.cumulative_cents, second.cumulative_cents] == [20, 25]
        assert await desk.on(second) == [("C/advance", 3, (5,))]
        await is_now(desk.both, "A/advance", "cancelled")
        taken_back = await desk.issued(CANCELLATION)
        assert (taken_back.number, taken_back.cumulative_cents) == (1, 10)
        assert await desk.on(taken_back) == [("A/advance", 1, (10,))]

    at_a_desk(work)


def test_a_series_of_its_own_begins_where_it_is_agreed(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("C/advance")
        slip = await desk.issued()
        assert slip.number == 500
        assert await desk.on(slip) == [("C/advance", 9_000, (100_000,))]

    at_a_desk(work, a_config(first={"slip:01": 500, "piece:01": 9_000}))


def test_numbers_given_by_the_erp_are_taken_where_they_are_free(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance", "B/advance", "C/advance", "D/advance")
        draft = await desk.slips.prepare(BUDGET, PAYMENT, "anne", at_most=2)
        assert draft is not None
        assert "The ERP gives the numbers" in await refusal(desk.slips.issue(draft.slip_id, "anne"))
        slip = await desk.slips.issue(draft.slip_id, "anne", GivenNumbers(12, 300))
        assert slip.number == 12
        assert [number for _, number, _ in await desk.on(slip)] == [300, 301]
        other = await desk.prepared()
        for given, said in (
            (GivenNumbers(12, 400), "Slip 12 of budget"),
            (GivenNumbers(13, 301), "between 301 and 302"),
            (GivenNumbers(0, 400), "between 1 and"),
            (GivenNumbers(13, 99_999_999), "at 99,989,999 at most"),
            (GivenNumbers(9_999_999, 400), "at 9,989,999 at most"),
        ):
            assert said in await refusal(desk.slips.issue(other.slip_id, "anne", given))
        assert await desk.slips.find(other.slip_id) == other
        assert (await desk.slips.issue(other.slip_id, "anne", GivenNumbers(11, 302))).number == 11

    at_a_desk(work, a_config(given_by_erp=True))


def test_highest_numbers_of_the_erp_leave_enough_for_a_series_of_its_own(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance")
        draft = await desk.prepared()
        await desk.slips.issue(draft.slip_id, "anne", GivenNumbers(9_989_999, 99_989_999))
        await desk.orders("B/advance")
        own = Desk(desk.both, a_config())
        slip = await own.issued()
        assert slip.number == 9_990_000
        assert await own.on(slip) == [("B/advance", 99_990_000, (100_000,))]

    at_a_desk(work, a_config(given_by_erp=True))


def test_numbers_that_nobody_asked_for_are_refused(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("C/advance")
        draft = await desk.prepared()
        said = await refusal(desk.slips.issue(draft.slip_id, "anne", GivenNumbers(7, 7)))
        assert "Écluse's own series" in said

    at_a_desk(work)


@pytest.mark.parametrize(
    ("reuse", "number", "piece"), [(True, 1, 1), (False, 3, 3)], ids=["again", "never again"]
)
def test_the_number_of_a_slip_that_the_gateway_refused_is_used_again_or_not(
    at_a_desk: At, reuse: bool, number: int, piece: int
) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance", line_cents=(10,))
        refused = await desk.sent()
        name = (await desk.slips.export(refused.slip_id, "anne")).name
        await desk.orders("B/advance", line_cents=(5,))
        second = await desk.sent()
        await desk.refused(refused)
        cancelled = await desk.slips.cancel(refused.slip_id, "anne")
        assert cancelled == replace(
            refused,
            state=SlipState.CANCELLED,
            exported_at=cancelled.exported_at,
            exported_by="anne",
            answered_at=NOON,
        )
        assert await desk.waiting() == {"A/advance": None}
        corrected = await desk.issued()
        assert [second.number, corrected.number] == [2, number]
        assert await desk.on(corrected) == [("A/advance", piece, (10,))]
        assert corrected.cumulative_cents == 15
        assert corrected.file_name != name
        assert await desk.sent_messages() == [
            f"{refused.slip_id}/issued",
            f"{second.slip_id}/issued",
            f"{refused.slip_id}/cancelled",
            f"{corrected.slip_id}/issued",
        ]

    at_a_desk(work, a_config(reuse_refused=reuse))


def test_the_numbers_of_a_slip_that_never_left_are_always_used_again(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance", "B/advance")
        slip = await desk.issued()
        await desk.slips.cancel(slip.slip_id, "anne")
        again = await desk.issued()
        assert again.number == 1
        assert [number for _, number, _ in await desk.on(again)] == [1, 2]
        assert "is cancelled" in await refusal(desk.slips.export(slip.slip_id, "anne"))
        assert "is cancelled" in await refusal(desk.slips.cancel(slip.slip_id, "anne"))
        assert "is cancelled" in await refusal(desk.slips.issue(slip.slip_id, "anne"))

    at_a_desk(work, a_config(reuse_refused=False))


def test_freed_numbers_below_those_that_are_agreed_since_are_passed_over(at_a_desk: At) -> None:
    """They are of the series that another program goes on with."""

    async def work(desk: Desk) -> None:
        await desk.orders("A/advance", "B/advance")
        await desk.slips.cancel((await desk.issued()).slip_id, "anne")
        agreed = Desk(desk.both, a_config(first={"slip:01": 500, "piece:01": 2}))
        slip = await agreed.issued()
        assert 500 == slip.number
        assert [2, 3] == [number for _, number, _ in await agreed.on(slip)]

    at_a_desk(work)


def test_of_two_operators_who_issue_at_once_one_has_the_slip(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance")
        slip_id = (await desk.prepared()).slip_id
        both = await asyncio.gather(
            desk.slips.issue(slip_id, "anne"),
            desk.slips.issue(slip_id, "benoit"),
            return_exceptions=True,
        )
        issued_, problem = sorted(both, key=lambda each: isinstance(each, SlipProblem))
        assert isinstance(issued_, SlipRow)
        assert isinstance(problem, SlipProblem)
        said = in_english(problem.text)
        assert f"{slip_id} was issued by {issued_.issued_by} on 2023-06-03" in said
        assert await desk.sent_messages() == [f"{slip_id}/issued"]

    at_a_desk(work)


def test_of_two_operators_who_prepare_at_once_one_has_all_orders(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        await desk.orders("A/advance", "B/advance")
        found = await asyncio.gather(
            *(desk.slips.prepare(BUDGET, PAYMENT, by) for by in ("anne", "benoit"))
        )
        (slip,) = [each for each in found if each is not None]
        assert slip.piece_count == 2
        assert await desk.waiting() == {}

    at_a_desk(work)


def test_the_years_total_counts_slips_whose_pieces_the_accountant_rejected(at_a_desk: At) -> None:
    """MtCumulAnnuel is of slips, as they were issued: Hélios has them, whatever became of pieces.

    One that the gateway refused it has not.
    """

    async def work(desk: Desk) -> None:
        await desk.orders("A/advance", line_cents=(10,))
        await desk.sent()
        await is_now(desk.both, "A/advance", "rejected")
        await desk.orders("A/advance/2", line_cents=(10,))
        again = await desk.sent()
        assert (20, {}) == (again.cumulative_cents, await desk.waiting())
        await desk.refused(again)
        await desk.orders("B/advance", line_cents=(5,))
        assert 15 == (await desk.sent()).cumulative_cents

    at_a_desk(work)
