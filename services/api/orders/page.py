"""The payment orders that wait, the list, and one whole; its IBAN for an operator, on record."""

from typing import Annotated, Final

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.api.access.audit import Action
from services.api.access.authorization import check_authorized
from services.api.access.caller import Scope
from services.api.budgets import query as budgets
from services.api.budgets.view import budget_choices
from services.api.console.elements import following
from services.api.console.page_context import (
    BUDGETS_CHOSEN,
    NOTHING,
    ROWS,
    After,
    Name,
    Text,
    Visit,
    Visitor,
    place_after,
)
from services.api.console.texts import orders as texts
from services.api.http.dependencies import Given, Operator
from services.api.http.question import Day
from services.api.orders import query as orders
from services.api.orders.routes import DAYS_MAX
from services.api.orders.view import (
    account_of,
    facts_of,
    figures_of,
    records_of,
    state_of,
    states,
)
from services.api.orders.waiting import (
    ALL,
    WAITING,
    Wanted,
    state_tabs,
    states_of,
    waiting_view,
)
from services.api.problems import NOT_FOUND, Problem
from services.api.rejections import flags
from services.ledger.explain.terms import ORDER_STATES

router = APIRouter()

STATE: Final = f"^({'|'.join((WAITING, ALL, *ORDER_STATES))})$"
Days = Annotated[int, Field(ge=0, le=DAYS_MAX)]


class Filters(BaseModel):
    """Filters in the address of the list; anything else is ignored."""

    state: Annotated[str, Field(pattern=STATE)] = WAITING
    budget: Annotated[Text | None, NOTHING] = None
    due_from: Annotated[Day | None, NOTHING] = None
    due_until: Annotated[Day | None, NOTHING] = None
    older_than_days: Annotated[Days | None, NOTHING] = None
    after: After = None

    @property
    def wanted(self) -> Wanted:
        """The orders that are asked for."""
        return Wanted(**self.model_dump(exclude={"after"}))


Reference = Annotated[str, Path(max_length=600, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""An order's reference: a convention's, a slash, an instalment's, and `/2` where re-issued."""

Revealed = tuple[str, str | None, str]
ADDRESS: Final = "/console/orders/{budget}/{reference:path}"


@router.get("/console/orders")
async def order_list(visit: Visitor, filters: Annotated[Filters, Query()]) -> Response:
    """The orders that wait, and the list."""
    conn, entities, today, locale = visit.connection, visit.entities, visit.today, visit.locale
    wanted = filters.wanted
    visit.check_authorized(wanted.budget)
    waiting = await orders.waiting(conn, entities, today, budget=wanted.budget)
    counted = await orders.by_state(conn, entities, wanted.filter(today))
    place = place_after(filters.after, Day, Text, Text)
    asked = wanted.filter(today, states_of(wanted.state))
    found = await orders.listed(conn, entities, asked, after=place, limit=ROWS + 1)
    last = found[ROWS - 1] if len(found) > ROWS else None
    known = await budgets.listed(conn, entities, limit=BUDGETS_CHOSEN)
    return await visit.page(
        "orders.html",
        title=locale.say(texts.TEXTS["title"]),
        waiting=waiting_view(waiting, today, locale, wanted.budget),
        wanted=wanted,
        clear_href=Wanted(wanted.state).href,
        budgets=budget_choices(known, wanted.budget, locale),
        states=state_tabs(counted, wanted, locale),
        rows=found[:ROWS],
        order_states=states(locale),
        today=today,
        page_links=following(
            ("orders",),
            wanted.asked,
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
    visit: Visitor, components: Given, caller: Operator, budget: Name, reference: Reference
) -> Response:
    """The same page with the whole IBAN: an audit line stands before it is read."""
    check_authorized(caller, budget, Scope.OPERATE)
    found = await orders.one(visit.connection, visit.entities, budget, reference)
    if found is None:
        raise Problem(NOT_FOUND)
    payee = found.order.beneficiary
    subject = f"{budget}/{'' if payee is None else payee.siret}"
    await components.audit.write(
        caller.name, Action.IBAN_REVEALED, subject, {"payment_order": reference}
    )
    account = await orders.account_of(visit.connection, visit.entities, budget, reference)
    return await _order_page(visit, budget, reference, account)


async def _order_page(
    visit: Visit, budget: str, reference: str, revealed: Revealed | None
) -> Response:
    visit.check_authorized(budget)
    found = await orders.one(visit.connection, visit.entities, budget, reference)
    if found is None:
        raise Problem(NOT_FOUND)
    grant = await flags.grant_of_convention(
        visit.connection, visit.entities, budget, found.order.convention
    )
    order = found.order
    return await visit.page(
        "order.html",
        title=f"{visit.locale.say(texts.TEXTS['order'])} {order.payment_order}",
        order=order,
        state=state_of(order.state, visit.locale),
        figures=figures_of(order, visit.today, visit.locale),
        facts=list(facts_of(order, grant, visit.locale)),
        lines=found.lines,
        payments=found.payments,
        records=records_of(order, visit.locale),
        account=account_of(order, revealed, may_reveal=visit.caller.may(Scope.OPERATE, budget)),
        live=revealed is None,
    )
