"""Slips that are cancelled or not: sent ones, refused ones, ones that never left."""

import json
from datetime import date

import pytest
from sqlalchemy import update

from services.treasury.domain.slips import SlipState
from services.treasury.store.findings import close_finding, find_finding
from services.treasury.store.slips import SlipRow
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
            await connection.execute(
                update(slips).values(state=SlipState.ACCEPTED, answer={"accepted": True})
            )
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


def test_a_slip_that_never_left_is_not_cancelled_while_a_return_has_its_number(
    at_a_desk: At,
) -> None:
    """The next slip would have a number that is another program's."""

    async def work(desk: Desk) -> None:
        await desk.orders("A/advance")
        slip = await desk.issued()
        row = {"budget": BUDGET, "opened_at": NOON, "finding_id": "one", "kind": "unknown_slip"}
        await desk.add(findings, row | {"facts": {"slip": "1", "slip_type": "01"}})
        assert "an open finding names it" in await refusal(desk.slips.cancel(slip.slip_id, "anne"))
        async with desk.both.store.transaction() as connection:
            await connection.execute(update(findings).values(closed_at=NOON))
        assert SlipState.CANCELLED is (await desk.slips.cancel(slip.slip_id, "anne")).state

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


ANOTHERS = "Le numéro 1 est du service de l'eau, dit le comptable."


async def a_duplicate(desk: Desk) -> SlipRow:
    """A slip of which the gateway says that it has it already."""
    await desk.orders("A/advance")
    slip = await desk.sent()
    found = {"finding_id": "twice", "kind": "sent_twice", "slip_id": slip.slip_id}
    facts = {"slip": 1, "code": "ERREUR_DOUBLON_BORDEREAU"}
    await desk.add(findings, {"budget": BUDGET, "opened_at": NOON, "facts": facts} | found)
    return slip


@pytest.mark.parametrize("closed", [False, True])
def test_a_slip_whose_number_is_another_programs_is_given_up_with_a_reason(
    at_a_desk: At, closed: bool
) -> None:
    async def work(desk: Desk) -> None:
        slip = await a_duplicate(desk)
        if closed:
            async with desk.both.store.transaction() as connection:
                await close_finding(connection, "twice", "paul", "asked", NOON)
        for none in (None, " "):
            said = await refusal(desk.slips.cancel(slip.slip_id, "anne", none))
            assert "Ask the accountant; where the number is another program's" in said
        assert SlipState.CANCELLED is (
            (await desk.slips.cancel(slip.slip_id, "anne", f" {ANOTHERS} ")).state
        )
        assert await desk.waiting() == {"A/advance": None}
        again = await desk.issued()
        assert (2, [("A/advance", 2, (100_000,))]) == (again.number, await desk.on(again))
        assert 100_000 == again.cumulative_cents
        message = json.loads((await desk.values())[1])["data"]
        assert (ANOTHERS, False) == (message["reason"], message["numbers_are_free"])
        async with desk.both.store.reading() as connection:
            finding = await find_finding(connection, "twice")
        assert finding is not None
        how = ("paul", "asked") if closed else ("anne", ANOTHERS)
        assert how == (finding.closed_by, finding.closing_reason)

    at_a_desk(work)


def test_a_duplicate_that_a_return_or_another_finding_names_is_not_given_up(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        slip = await a_duplicate(desk)
        other = {"finding_id": "other", "kind": "amount_differs", "slip_id": slip.slip_id}
        await desk.add(findings, {"budget": BUDGET, "opened_at": NOON, "facts": {}} | other)
        said = await refusal(desk.slips.cancel(slip.slip_id, "anne", ANOTHERS))
        assert "while an open finding names it" in said
        async with desk.both.store.transaction() as connection:
            await close_finding(connection, "other", "anne", "another's piece", NOON)
        await desk.returned("A/advance", line=1, amount_cents=100_000)
        said = await refusal(desk.slips.cancel(slip.slip_id, "anne", ANOTHERS))
        assert "names a piece of it" in said
        assert await desk.waiting() == {}

    at_a_desk(work)


def test_a_reason_alone_gives_up_no_slip_that_was_sent(at_a_desk: At) -> None:
    async def work(desk: Desk) -> None:
        slip = await a_duplicate(desk)
        await desk.answered(slip, SlipState.ACCEPTED)
        await desk.orders("B/advance")
        other = await desk.sent()
        for sent in (slip, other):
            await refusal(desk.slips.cancel(sent.slip_id, "anne", ANOTHERS))
        assert await desk.waiting() == {}

    at_a_desk(work)


def test_a_refused_slip_that_takes_back_is_given_up_though_returns_name_its_orders(
    at_a_desk: At,
) -> None:
    """They name the pieces of the slip that pays: of those that take back no event is made."""

    async def work(desk: Desk) -> None:
        await desk.orders("A/advance", line_cents=(100, 50))
        await desk.sent()
        await desk.returned("A/advance", line=1, amount_cents=100)
        await is_now(desk.both, "A/advance", "cancelled", paid_cents=100)
        refused = await desk.sent(CANCELLATION)
        await desk.refused(refused)
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
