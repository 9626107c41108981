"""The payment orders that wait, the list, and one whole; its IBAN for an operator, on record."""

from datetime import date
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from services.api.access.audit import Action
from services.api.access.caller import Scope
from services.api.asking import Operator, Stands, check_sees
from services.api.console.addresses.visit import (
    ROWS,
    After,
    Asked,
    Name,
    Visit,
    Visitor,
    place_after,
    plain,
)
from services.api.console.views.orders import (
    ALL,
    WAITING,
    order_view,
    rows_of,
    state_choices,
    states_of,
    waiting_view,
)
from services.api.console.views.parts import following
from services.api.console.words import orders as words
from services.api.console.words.codes import ORDER_STATES
from services.api.problems import NOT_FOUND, Problem
from services.api.queries import flags, orders

router = APIRouter()

State = Annotated[str, Query(pattern=f"^({'|'.join((WAITING, ALL, *ORDER_STATES))})$")]

Reference = Annotated[str, Path(max_length=600, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""An order's reference: a convention's, a slash, an instalment's, and `/2` where re-issued."""

Revealed = tuple[str, str | None, str]
ADDRESS: Final = "/console/orders/{budget}/{reference:path}"


@router.get("/console/orders")
async def order_list(
    visit: Visitor, state: State = WAITING, budget: Asked = None, after: After = None
) -> Response:
    """The orders that wait, and the list."""
    if budget is not None:
        check_sees(visit.caller, budget)
    waiting = await orders.waiting(visit.connection, visit.entities, visit.today, budget=budget)
    place = place_after(after, date.fromisoformat, plain, plain)
    found = await orders.listed(
        visit.connection,
        visit.entities,
        orders.OrderFilter(budget=budget, states=states_of(state)),
        after=place,
        limit=ROWS + 1,
    )
    last = found[ROWS - 1] if len(found) > ROWS else None
    return await visit.page(
        "orders.html",
        title=visit.voice.say(words.WORDS["title"]),
        waiting=waiting_view(waiting, visit.today, visit.voice),
        states=state_choices(waiting, state, budget, visit.voice),
        rows=rows_of(found[:ROWS], visit.today, visit.voice),
        turn=following(
            ("orders",),
            {"state": state, "budget": budget},
            None if last is None else (last.due_on.isoformat(), last.budget, last.payment_order),
            started=place is None,
        ),
    )


@router.get(ADDRESS)
async def order(visit: Visitor, budget: Name, reference: Reference) -> Response:
    """An order whole, its IBAN masked."""
    return await _order_page(visit, budget, reference, None)


@router.post(ADDRESS)
async def reveal(
    visit: Visitor, stands: Stands, caller: Operator, budget: Name, reference: Reference
) -> Response:
    """The same page with the whole IBAN: an audit line stands before it is read."""
    check_sees(caller, budget, Scope.OPERATE)
    found = await orders.one(visit.connection, visit.entities, budget, reference)
    if found is None:
        raise Problem(NOT_FOUND)
    payee = found.order.beneficiary
    subject = f"{budget}/{'' if payee is None else payee.siret}"
    await stands.audit.write(
        caller.name, Action.IBAN_REVEALED, subject, {"payment_order": reference}
    )
    account = await orders.account_of(visit.connection, visit.entities, budget, reference)
    return await _order_page(visit, budget, reference, account)


async def _order_page(
    visit: Visit, budget: str, reference: str, revealed: Revealed | None
) -> Response:
    check_sees(visit.caller, budget)
    found = await orders.one(visit.connection, visit.entities, budget, reference)
    if found is None:
        raise Problem(NOT_FOUND)
    grant = await flags.grant_of_convention(
        visit.connection, visit.entities, budget, found.order.convention
    )
    view = order_view(
        found,
        grant,
        visit.today,
        visit.voice,
        may_reveal=visit.caller.may(Scope.OPERATE, budget),
        revealed=revealed,
    )
    return await visit.page(
        "order.html",
        title=f"{visit.voice.say(words.WORDS['order'])} {view.name}",
        order=view,
        live=revealed is None,
    )
