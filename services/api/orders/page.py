"""The payment orders that wait, the list, and one whole; its IBAN for an operator, on record."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from events.texts import _
from services.api.access.audit import Action
from services.api.access.authorization import check_authorized
from services.api.access.caller import Scope
from services.api.budgets import query as budgets
from services.api.budgets.view import budget_names
from services.api.console.elements import Verbatim, address, following
from services.api.console.lists import files, heads, shown
from services.api.console.page_context import (
    BUDGETS_CHOSEN,
    ROWS,
    After,
    Name,
    Text,
    Visit,
    Visitor,
    place_of,
)
from services.api.console.texts import orders as texts
from services.api.http.dependencies import Given, Operator
from services.api.orders import query as orders
from services.api.orders.waiting import Wanted, state_tabs, totals, waiting_view
from services.api.problems import NOT_FOUND, Problem
from services.api.rejections import query as unsettled

router = APIRouter()


class Filters(Wanted):
    """Filters in the address of the list; anything else is ignored."""

    after: After = None
    before: After = None


Reference = Name
"""An order's reference: a convention's, a slash, an instalment's, and `/2` where re-issued."""

ADDRESS: Final = "/console/orders/{budget}/{reference:path}"
HEADS: Final = ("payment_order", "beneficiary", "state", "-amount", "issued_on", "due_on")
"""Columns that sort the list, as the first click does it."""


@router.get("/console/orders")
async def order_list(visit: Visitor, wanted: Annotated[Filters, Query()]) -> Response:
    """The orders that wait, and the list."""
    conn, entities, today, locale = visit.connection, visit.entities, visit.today, visit.locale
    visit.check_authorized(wanted.budget)
    whose = wanted.whose
    waiting = await orders.waiting(conn, entities, today, whose.filter(today, any_state=True))
    counted = await orders.by_state(conn, entities, wanted.filter(today, any_state=True))
    place = place_of(wanted.after, wanted.before, Text, Text)
    found = await orders.listed(
        conn,
        entities,
        wanted.filter(today),
        sort=wanted.sort,
        after=place.key,
        backwards=place.backwards,
        limit=ROWS + 1,
    )
    page = shown(found, place, ROWS)
    known = await budgets.listed(conn, entities, limit=BUDGETS_CHOSEN)
    return await visit.page(
        "orders.html",
        title=locale.say(_("Payment orders")),
        waiting=waiting_view(waiting, today, locale, whose),
        wanted=wanted,
        budgets=budget_names(known, wanted.budget, locale),
        tabs=state_tabs(counted),
        rows=page.rows,
        totals=totals(counted, wanted.states),
        heads=heads(("orders",), wanted.asked, wanted.sort, HEADS),
        files=files("/payment-orders", wanted.asked_of_api, locale),
        plan_href=address("payment-plan", **whose.asked),
        texts=texts,
        today=today,
        page_links=following(
            ("orders",),
            wanted.asked,
            _key(page.rows[-1]) if page.has_next and page.rows else None,
            started=place.key is None,
            first=_key(page.rows[0]) if page.has_previous and page.rows else None,
        ),
    )


def _key(order: orders.PaymentOrder) -> tuple[str, str]:
    return order.budget, order.payment_order


@router.get(ADDRESS)
async def order(visit: Visitor, budget: Name, reference: Reference) -> Response:
    """An order whole, its IBAN masked."""
    visit.check_authorized(budget)
    return await _order_page(visit, await _one(visit, budget, reference))


@router.post(ADDRESS)
async def reveal(
    visit: Visitor, components: Given, caller: Operator, budget: Name, reference: Reference
) -> Response:
    """The same page with the whole IBAN: an audit line stands before it is read."""
    check_authorized(caller, budget, Scope.OPERATE)
    found = await _one(visit, budget, reference)
    payee = found.order.beneficiary
    subject = f"{budget}/{'' if payee is None else payee.siret}"
    await components.audit.write(
        caller.name, Action.IBAN_REVEALED, subject, {"payment_order": reference}
    )
    account = await orders.account_of(visit.connection, visit.entities, budget, reference)
    return await _order_page(visit, found, account)


async def _one(visit: Visit, budget: str, reference: str) -> orders.WholeOrder:
    """The order of that name.

    Raises:
        Problem: 404, the caller can see none.
    """
    found = await orders.one(visit.connection, visit.entities, budget, reference)
    if found is None:
        raise Problem(NOT_FOUND)
    return found


async def _order_page(
    visit: Visit, found: orders.WholeOrder, revealed: orders.WholeAccount | None = None
) -> Response:
    order = found.order
    known = order.bank_account
    iban, bic, holder = revealed or (known.iban, known.bic, known.holder)
    if revealed is not None:
        iban = " ".join(iban[at : at + 4] for at in range(0, len(iban), 4))
    return await visit.page(
        "order.html",
        title=f"{visit.locale.say(_('Payment order'))} {order.payment_order}",
        order=order,
        grant=await unsettled.grant_of_convention(
            visit.connection, visit.entities, order.budget, order.convention
        ),
        today=visit.today,
        lines=found.lines,
        payments=found.payments,
        account={"iban": Verbatim(iban), "bic": bic or "—", "holder": holder},
        revealed=revealed is not None,
        may_reveal=visit.caller.may(Scope.OPERATE, order.budget),
        live=revealed is None,
    )
