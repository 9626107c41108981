"""The page of the orders that wait for a slip: why each does, a slip to be prepared, confirmations.

Whoever reads sees it, IBANs nowhere; acts are for who has the right `treasury`.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from services.api.access.caller import Scope
from services.api.budgets.page import budget_choice, lines_at_treasury
from services.api.console.elements import address, slip_href
from services.api.console.lists import ListPage, Place, cut_page, links
from services.api.console.page_context import (
    ROWS,
    After,
    OptionalText,
    Text,
    Visit,
    Visitor,
    place_of,
)
from services.api.http.dependencies import Given
from services.api.treasury import acts, waiting
from services.api.treasury.acts import Treasurer
from services.api.treasury.page import HOME, treasury_page
from services.treasury.domain.slips import SlipType, Waiting, outside_exercise

router = APIRouter()

TYPES: Final = frozenset(SlipType)


@router.get("/console/treasury")
async def orders_that_wait(
    visit: Visitor,
    components: Given,
    budget: OptionalText = None,
    prepare: OptionalText = None,
    confirm: OptionalText = None,
    after: After = None,
    before: After = None,
) -> Response:
    """The orders that wait for a slip, and why; by budget what a slip would hold."""
    visit.check_authorized(budget)
    if components.treasury is None:
        return await treasury_page(visit, components, "", "treasury.html")
    choice = await budget_choice(visit, budget)
    faulty = await lines_at_treasury(visit, components, budget)
    # Faults of thousands of orders are found meanwhile: nobody waits with a connection for that.
    await visit.connection.close()
    found = waiting.sort_by_place(await components.treasury.slips.waiting(visit.entities, budget))
    place = place_of(after, before, Text, Text, Text)
    page = _cut_orders(found, place)
    return await treasury_page(
        visit,
        components,
        "",
        "treasury.html",
        groups=waiting.group_by_slip(found),
        rows=page.rows,
        count=len(found),
        faulty_lines=faulty,
        budget=budget,
        **choice,
        prepare=prepare if prepare in TYPES else None,
        outside=budget and prepare and outside_exercise(budget, visit.today),
        to_confirm=_to_confirm(visit, found, confirm),
        page_links=links((HOME,), {"budget": budget}, page, place, waiting.place_of),
    )


@router.post("/console/treasury/slips")
async def prepare(
    caller: Treasurer,
    components: Given,
    budget: Annotated[Text, Form()],
    slip_type: Annotated[SlipType, Form()],
) -> Response:
    """A draft with all orders that are ready."""
    made = await acts.prepare(components, caller, budget, slip_type)
    return RedirectResponse(slip_href(made.slip_id), 303)


@router.post("/console/treasury/confirmations")
async def confirm_order(
    caller: Treasurer,
    components: Given,
    budget: Annotated[Text, Form()],
    payment_order: Annotated[Text, Form()],
    record: Annotated[int, Form(ge=1)],
) -> Response:
    """An order that is to be paid, whatever happened since it was issued."""
    confirmed = await acts.confirm(components, caller, budget, payment_order, record)
    slip_id = confirmed.slip_id
    back = address(HOME, budget=budget) if slip_id is None else slip_href(slip_id)
    return RedirectResponse(back, 303)


def _to_confirm(visit: Visit, orders: list[Waiting], payment_order: str | None) -> Waiting | None:
    """The order of this name about which the caller may and must say that it is to be paid."""
    for each in orders:
        may = each.to_confirm is not None and visit.caller.may(Scope.TREASURY, each.order.budget)
        if may and each.payment_order == payment_order:
            return each
    return None


def _cut_orders(orders: list[Waiting], place: Place) -> ListPage[Waiting]:
    """The page of the orders that wait: one row more than it holds says that others follow."""
    rows = orders
    if place.key is not None:
        here = place.key
        rows = [
            each
            for each in orders
            if (waiting.place_of(each) < here if place.backwards else waiting.place_of(each) > here)
        ]
    part = rows[-ROWS - 1 :] if place.backwards else rows[: ROWS + 1]
    return cut_page(part, place, ROWS)
