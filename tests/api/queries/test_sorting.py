"""Lists in the order that was asked for, read forwards and backwards, in both databases."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.grants import listing
from services.api.grants import query as grants
from services.api.queries import orders
from services.ledger.explain.sentences import GRANT_STATES
from tests.api.environment import LILLE
from tests.api.made import Made
from tests.api.queries.asked import ask, connected
from tests.api.reads.two_entities import LILLE_BUDGET, ROUBAIX_BUDGET, of_roubaix
from tests.browser import scenario
from tests.builders import encoded
from tests.read_model.filling import journal_of_events


def journal() -> list[bytes]:
    return journal_of_events(
        [*map(encoded, of_roubaix()), *scenario.the_year(), *scenario.the_others()]
    )


def both_directions(
    page: Callable[..., Awaitable[list[Any]]], identity: Callable[[Any], tuple[str, str]]
) -> Callable[[AsyncConnection], Awaitable[list[list[Any]]]]:
    """The whole list: at once, page by page, and from its end backwards."""

    async def go(connection: AsyncConnection) -> list[list[Any]]:
        whole = await page(connection)
        forwards: list[Any] = []
        after = None
        while found := await page(connection, after=after, limit=2):
            forwards += found
            after = identity(found[-1])
        back = [whole[-1]]
        while found := await page(connection, after=identity(back[0]), limit=2, backwards=True):
            back = [*found, *back]
        return [whole, forwards, back]

    return go


@pytest.mark.parametrize(
    ("listed", "name", "sort"),
    [
        pytest.param(listed, name, f"{sign}{each}", id=f"{name} {sign}{each}")
        for listed, name, sorts in (
            (orders.list_orders, "payment_order", orders.SORTED_BY),
            (grants.list_grants, "grant", listing.SORTED_BY),
        )
        for each in sorts
        for sign in ("", "-")
    ],
)
def test_a_list_is_paged_both_ways(
    made: Made, listed: Callable[..., Awaitable[list[Any]]], name: str, sort: str
) -> None:
    async def page(connection: AsyncConnection, **place: Any) -> list[Any]:
        return await listed(connection, None, sort=sort, **place)

    def identity(each: Any) -> tuple[str, str]:
        return each.budget, getattr(each, name)

    whole, forwards, back = ask(made(journal()), both_directions(page, identity))
    assert whole == forwards == back
    assert len(whole) > 4


async def test_the_place_of_a_row_that_its_reader_may_not_see_is_nowhere(made: Made) -> None:
    """Else its amount could be guessed from the rows that follow it."""
    async with connected(made(journal())) as connection:
        (hidden, *_) = await orders.list_orders(
            connection, None, orders.OrderFilter(budget=ROUBAIX_BUDGET)
        )
        place = (hidden.budget, hidden.payment_order)
        seen = frozenset({LILLE})
        whole, found = (
            await orders.list_orders(connection, seen, sort="amount"),
            await orders.list_orders(connection, seen, sort="amount", after=place),
        )
    assert {LILLE_BUDGET} == {each.budget for each in whole}
    assert [] == found


@pytest.mark.parametrize("state", [None, *GRANT_STATES])
async def test_a_state_lists_the_grants_that_are_shown_in_it_and_its_totals_are_theirs(
    made: Made, state: str | None
) -> None:
    async with connected(made(journal())) as connection:
        everything, found, totals = (
            await grants.list_grants(connection, None),
            await grants.list_grants(connection, None, state=state),
            await listing.totals(connection, None, state=state),
        )
    assert found == [each for each in everything if state in {None, each.state}]
    assert totals == listing.Totals(
        len(found),
        sum(each.is_withdrawn for each in found),
        sum(each.awarded_cents for each in found if not each.is_withdrawn),
        sum(each.carried_in_cents for each in found if not each.is_withdrawn),
        sum(each.paid_cents for each in found),
    )
    assert {"awarded", "paid"} <= {each.state for each in everything}
