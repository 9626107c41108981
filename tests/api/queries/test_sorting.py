"""Lists in the order that was asked for, read forwards and backwards, in both databases."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.grants import listing
from services.api.grants import query as grants
from services.api.orders import query as orders
from services.ledger.explain.terms import GRANT_STATES
from tests.api.environment import LILLE
from tests.api.made import Made
from tests.api.queries.asked import ask
from tests.api.reads.two_entities import LILLE_BUDGET, ROUBAIX_BUDGET, of_roubaix
from tests.browser import scenario
from tests.builders import encoded
from tests.read_model.filling import journal_of_events

ORDER_KEYS: Final[dict[str, Callable[[Any], Any]]] = {
    "due_on": lambda each: each.due_on,
    "issued_on": lambda each: each.issued_on,
    "amount": lambda each: each.amount_cents,
    "state": lambda each: (each.state, each.due_on),
    "beneficiary": lambda each: plain(each.beneficiary.name),
    "payment_order": lambda each: each.payment_order,
}
GRANT_KEYS: Final[dict[str, Callable[[Any], Any]]] = {
    "grant": lambda _: 0,
    "newest": lambda each: -int(each.budget[-4:]),
    "beneficiary": lambda each: plain(each.name),
    "awarded": lambda each: each.awarded_cents,
    "paid": lambda each: each.paid_cents,
}


def plain(name: str) -> tuple[str, str]:
    lower = name.translate({code: code + 32 for code in range(ord("A"), ord("Z") + 1)})
    return lower[:1].translate(str.maketrans("ÉÈ", "ee")), lower


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


@pytest.mark.parametrize("sort", [f"{sign}{name}" for name in ORDER_KEYS for sign in ("", "-")])
def test_orders_are_sorted_and_paged_both_ways(made: Made, sort: str) -> None:
    key = ORDER_KEYS[sort.removeprefix("-")]

    async def page(connection: AsyncConnection, **place: Any) -> list[Any]:
        return await orders.listed(connection, None, sort=sort, **place)

    def identity(each: Any) -> tuple[str, str]:
        return each.budget, each.payment_order

    whole, forwards, back = ask(made(journal()), both_directions(page, identity))
    expected = sorted(
        whole, key=lambda each: (key(each), *identity(each)), reverse=sort.startswith("-")
    )
    assert expected == whole == forwards == back
    assert len({key(each) for each in whole}) > 2, "nothing is sorted"


@pytest.mark.parametrize("sort", [f"{sign}{name}" for name in GRANT_KEYS for sign in ("", "-")])
def test_grants_are_sorted_and_paged_both_ways(made: Made, sort: str) -> None:
    key = GRANT_KEYS[sort.removeprefix("-")]

    async def page(connection: AsyncConnection, **place: Any) -> list[Any]:
        return await grants.listed(connection, None, sort=sort, **place)

    def identity(each: Any) -> tuple[str, str]:
        return each.budget, each.grant

    whole, forwards, back = ask(made(journal()), both_directions(page, identity))
    expected = sorted(
        whole, key=lambda each: (key(each), *identity(each)), reverse=sort.startswith("-")
    )
    assert expected == whole == forwards == back
    assert len(whole) > 4


def test_every_order_of_a_list_is_tried() -> None:
    assert orders.SORTED_BY.keys() == ORDER_KEYS.keys()
    assert listing.SORTED_BY.keys() == GRANT_KEYS.keys()


def test_the_place_of_a_row_that_its_reader_may_not_see_is_nowhere(made: Made) -> None:
    """Else its amount could be guessed from the rows that follow it."""

    async def behind(connection: AsyncConnection) -> tuple[list[Any], list[Any]]:
        (hidden, *_) = await orders.listed(
            connection, None, orders.OrderFilter(budget=ROUBAIX_BUDGET)
        )
        place = (hidden.budget, hidden.payment_order)
        seen = frozenset({LILLE})
        return (
            await orders.listed(connection, seen, sort="amount"),
            await orders.listed(connection, seen, sort="amount", after=place),
        )

    whole, found = ask(made(journal()), behind)
    assert {LILLE_BUDGET} == {each.budget for each in whole}
    assert [] == found


@pytest.mark.parametrize("state", [None, *GRANT_STATES])
def test_a_state_lists_the_grants_that_are_shown_in_it_and_its_totals_are_theirs(
    made: Made, state: str | None
) -> None:
    async def both(connection: AsyncConnection) -> tuple[list[Any], list[Any], Any]:
        return (
            await grants.listed(connection, None),
            await grants.listed(connection, None, state=state),
            await listing.totals(connection, None, state=state),
        )

    everything, found, totals = ask(made(journal()), both)
    assert found == [each for each in everything if state in {None, each.state}]
    assert totals == listing.Totals(
        len(found),
        sum(each.is_withdrawn for each in found),
        sum(each.awarded_cents for each in found if not each.is_withdrawn),
        sum(each.carried_in_cents for each in found if not each.is_withdrawn),
        sum(each.paid_cents for each in found),
    )
    assert {"awarded", "paid"} <= {each.state for each in everything}
