"""What happened to an order that waits for a slip: nobody pays it before a person has looked."""

from collections.abc import Awaitable, Callable
from typing import Final

import pytest
from sqlalchemy import select

from services.projector.tables import metadata
from services.treasury.domain.slips import SlipState
from services.treasury.slips.order_messages import orders_of
from services.treasury.slips.orders import take
from services.treasury.store.tables import confirmations
from tests.builders import (
    BUDGET,
    IBAN,
    OTHER_IBAN,
    Json,
    a_convention,
    a_new_account,
    a_resumption,
    a_suspension,
    a_termination,
    a_vote,
    an_award,
    an_instalment,
    encoded,
)
from tests.read_model.filling import journal_of_events, project
from tests.treasury.databases import Opened
from tests.treasury.desk import PAYMENT, At, Desk, in_english, refusal

ORDER: Final = "C/advance"
THIRD_IBAN: Final = "FR1420041010050500013M02606"
SUSPENDED: Final = a_suspension(_id="suspended")
REPLACED: Final = a_new_account(_id="replaced")


class City:
    """A ledger that goes on: its read model, and the orders that the treasury has of it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._events: list[Json] = []

    async def tell(self, *events: Json) -> None:
        self._events += events
        journal = journal_of_events(map(encoded, self._events))
        await self.know(self.desk.both, journal)

    async def know(self, both: Opened, journal: list[bytes]) -> None:
        async with both.read_model.begin() as connection:
            for table in metadata.tables.values():
                await connection.execute(table.delete())
        await project(both.read_model, journal)
        async with both.store.transaction() as connection:
            await take(connection, [each for raw in journal for each in orders_of(raw)])

    async def reasons(self) -> list[str]:
        (waiting,) = await self.desk.slips.waiting(None)
        return [in_english(each) for each in waiting.reasons]

    async def to_confirm(self) -> int:
        (waiting,) = await self.desk.slips.waiting(None)
        assert waiting.to_confirm is not None
        return waiting.to_confirm

    async def confirm(self, by: str = "anne") -> None:
        await self.desk.slips.confirm(BUDGET, ORDER, by, await self.to_confirm())


InACity = Callable[[Callable[[City], Awaitable[None]]], None]


@pytest.fixture
def in_a_city(at_a_desk: At) -> InACity:
    """What is done where order C/advance was issued, on both databases."""

    def run(work: Callable[[City], Awaitable[None]]) -> None:
        async def go(desk: Desk) -> None:
            city = City(desk)
            await city.tell(a_vote(), an_award(), a_convention())
            assert [] == await city.reasons()
            await work(city)

        at_a_desk(go)

    return run


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (REPLACED, "the beneficiary's account is FR76…0185 by now. Confirm that FR76…0110"),
        (SUSPENDED, "Convention C was suspended on 2023-09-01"),
        (a_termination(), "Convention C was terminated on 2023-09-01"),
    ],
)
def test_what_happened_since_keeps_an_order_from_a_slip_until_a_person_confirms_it(
    in_a_city: InACity, event: Json, reason: str
) -> None:
    async def work(city: City) -> None:
        await city.tell(event)
        (said,) = await city.reasons()
        assert reason in said
        assert [IBAN in said, OTHER_IBAN in said] == [False, False]
        assert await city.desk.slips.prepare(BUDGET, PAYMENT, "anne") is None
        await city.confirm()
        (waiting,) = await city.desk.slips.waiting(None)
        assert waiting.confirmation is not None
        assert ("anne", 4) == (waiting.confirmation.by, waiting.confirmation.record)
        assert [] == list(waiting.reasons)
        assert [ORDER] == [
            each for each, _number, _cents in await city.desk.on(await city.desk.sent())
        ]

    in_a_city(work)


def test_what_is_undone_asks_nothing(in_a_city: InACity) -> None:
    async def work(city: City) -> None:
        await city.tell(SUSPENDED, REPLACED)
        assert 2 == len(await city.reasons())
        await city.tell(a_resumption(), a_new_account(IBAN, _id="set back"))
        assert [] == await city.reasons()
        assert "Nothing of order C/advance is to be confirmed" in await refusal(
            city.desk.slips.confirm(BUDGET, ORDER, "anne", 5)
        )

    in_a_city(work)


def test_a_confirmation_holds_for_what_was_known_then(in_a_city: InACity) -> None:
    async def work(city: City) -> None:
        await city.tell(REPLACED)
        known = await city.to_confirm()
        await city.tell(a_new_account(THIRD_IBAN, _id="once more"))
        assert "More happened to order C/advance" in await refusal(
            city.desk.slips.confirm(BUDGET, ORDER, "anne", known)
        )
        await city.confirm("benoit")
        assert [] == await city.reasons()
        await city.tell(SUSPENDED)
        assert 2 == len(await city.reasons()), "all of it is shown once more"
        await city.confirm("carole")
        asked = select(confirmations.c.confirmed_by).order_by(confirmations.c.record)
        async with city.desk.both.store.reading() as connection:
            assert ["benoit", "carole"] == list(await connection.scalars(asked))
        await city.tell(a_resumption(), a_suspension(_id="again"))
        assert 2 == len(await city.reasons())

    in_a_city(work)


def test_an_order_on_a_draft_is_left_out_when_it_is_issued(in_a_city: InACity) -> None:
    async def work(city: City) -> None:
        draft = await city.desk.prepared()
        await city.tell(REPLACED)
        assert "FR76…0185 by now" in await refusal(city.desk.slips.issue(draft.slip_id, "anne"))
        await city.desk.slips.confirm(BUDGET, ORDER, "anne", 4)
        slip = await city.desk.slips.issue(draft.slip_id, "anne")
        assert (SlipState.ISSUED, 1) == (slip.state, slip.piece_count)

    in_a_city(work)


def test_a_slip_does_not_leave_before_what_happened_since_its_issue_is_confirmed(
    in_a_city: InACity,
) -> None:
    async def work(city: City) -> None:
        slip = await city.desk.issued()
        assert [] == await city.desk.slips.waiting(None), "it stands on a slip that may leave"
        await city.tell(SUSPENDED)
        said = await refusal(city.desk.slips.export(slip.slip_id, "anne"))
        assert "was not exported. Convention C was suspended" in said
        assert "confirmed on the slip's page, or by `ecluse slips confirm` up to record 4" in said
        (of_slip,) = await city.desk.slips.list_unconfirmed(slip.slip_id)
        assert (ORDER, 4) == (of_slip.payment_order, of_slip.to_confirm)
        suspended, stands_on = await city.reasons()
        assert "was suspended" in suspended
        assert f"Order {ORDER} stands on slip {slip.slip_id} already" in stands_on
        assert [] == await city.desk.slips.waiting(frozenset({"21590512200012"}))
        await city.confirm()
        assert [] == await city.desk.slips.waiting(None)
        file = await city.desk.slips.export(slip.slip_id, "anne")
        await city.tell(REPLACED)
        assert file == await city.desk.slips.export(slip.slip_id, "anne"), "it has left"
        assert [] == await city.desk.slips.waiting(None)
        assert "is to be confirmed" in await refusal(
            city.desk.slips.confirm(BUDGET, ORDER, "anne", 5)
        )

    in_a_city(work)


def test_an_order_that_keeps_the_name_of_its_grant_follows_the_convention_signed_for_it(
    at_a_desk: At,
) -> None:
    report = [("activity_report", 2022)]
    both = [an_instalment(800_000), an_instalment(700_000, "rest", documents=report)]
    rest = [an_instalment(700_000, "late", documents=report)]

    async def work(desk: Desk) -> None:
        city = City(desk)
        await city.tell(
            a_vote(10**7),
            a_new_account(IBAN),
            an_award(1_500_000, requires_convention=False, instalments=both),
            an_award(1_000_000, grant="H", _id="H"),
            a_convention(convention="K", instalments=rest),
        )
        assert [] == await city.reasons()
        await city.tell(a_suspension(convention="K"))
        (said,) = await city.reasons()
        assert "Convention K was suspended on 2023-09-01, after order G/advance" in said

    at_a_desk(work)


def test_tables_that_are_made_again_ask_once_more(in_a_city: InACity) -> None:
    async def work(city: City) -> None:
        await city.tell(REPLACED)
        await city.confirm()
        async with city.desk.both.store.transaction() as connection:
            await connection.execute(confirmations.delete())
        assert 1 == len(await city.reasons())

    in_a_city(work)
