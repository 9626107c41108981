"""The pages of payment orders: those that wait, one whole with its IBAN on record, the plan."""

from collections.abc import Sequence
from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from events.texts import _
from services.api.access.authorization import check_authorized
from services.api.access.caller import Action, Scope
from services.api.budgets import query as budgets
from services.api.budgets.page import budget_choice
from services.api.console import texts
from services.api.console.elements import Notice, Verbatim, address, capital
from services.api.console.lists import cut_page, files, heads, links
from services.api.console.page_context import (
    NOTHING,
    ROWS,
    After,
    Name,
    Text,
    Visit,
    Visitor,
    place_of,
)
from services.api.grants.conventions import conventions_of
from services.api.grants.query import records_about
from services.api.grants.records import find_needed_documents, find_replaced_orders, whole_records
from services.api.grants.timeline import Moment, Subject, select_order_records, timeline
from services.api.http.dependencies import Given, Operator
from services.api.orders.after_rejection import RejectedOrder, explain_rejection
from services.api.orders.plan import payment_plan
from services.api.orders.progress import describe_progress
from services.api.orders.tables import PERIOD_NAMES, TITLE
from services.api.orders.waiting import (
    Digits,
    OrderSelection,
    period_days,
    state_tabs,
    totals,
    waiting_view,
)
from services.api.problems import NOT_FOUND, Problem
from services.api.queries import orders
from services.api.queries import rejections as unsettled
from services.api.queries.reissue import REJECTED, goes_on_as, is_to_reissue
from services.api.treasury import query as at_treasury
from services.api.treasury import view as treasury_view
from services.ledger.explain.sentences import ORDER_STATES

router = APIRouter()

BENEFICIARIES_SHOWN: Final = 100
"""Beneficiaries on the page of the payment plan: the file has all."""


class Filters(OrderSelection):
    """Filters in the address of the list; anything else is ignored."""

    after: After = None
    before: After = None


Reference = Name
"""An order's reference: a convention's, a slash, an instalment's, and `/2` where re-issued."""

ACKNOWLEDGED: Final = ("taken_in_charge", "on_hold", "rejected")
"""The accountant's answers on an order."""

ADDRESS: Final = "/console/orders/{budget}/{reference:path}"
HEADS: Final = ("payment_order", "beneficiary", "state", "-amount", "issued_on", "due_on")
"""Columns that sort the list, as the first click does it."""


@router.get("/console/orders")
async def order_list(visit: Visitor) -> Response:
    """The orders that wait, and the list."""
    wanted, faults = visit.filters(Filters)
    conn, entities, today, locale = visit.connection, visit.entities, visit.today, visit.locale
    visit.check_authorized(wanted.budget)
    whose = wanted.whose
    waiting = await orders.waiting(conn, entities, today, whose.filter(today, any_state=True))
    counted = await orders.count_by_state(conn, entities, wanted.filter(today, any_state=True))
    place = place_of(wanted.after, wanted.before, Text, Text)
    found = await orders.list_orders(
        conn,
        entities,
        wanted.filter(today),
        sort=wanted.sort,
        after=place.key,
        backwards=place.backwards,
        limit=ROWS + 1,
    )
    page = cut_page(found, place, ROWS)
    return await visit.page(
        "orders.html",
        status_code=422 if faults else 200,
        live=not faults,
        faults=faults,
        title=locale.say(_("Payment orders")),
        waiting=waiting_view(waiting, today, locale, whose),
        wanted=wanted,
        **await budget_choice(visit, wanted.budget),
        tabs=state_tabs(counted),
        rows=await _with_progress(visit, page.rows),
        totals=totals(counted, wanted.status or wanted.states),
        heads=heads(("orders",), wanted.asked, wanted.sort, HEADS),
        files=files("/payment-orders", wanted.asked_of_api, locale),
        plan_href=address("payment-plan", **whose.asked),
        texts=texts,
        today=today,
        page_links=links(("orders",), wanted.asked, page, place, _key),
    )


async def _with_progress(
    visit: Visit, rows: Sequence[orders.PaymentOrder]
) -> list[tuple[orders.PaymentOrder, str | None]]:
    """Orders, each with the words for how far it has come."""
    treasury, slips = visit.request.app.state.components.treasury, {}
    if treasury is not None:
        async with treasury.store.reading() as connection:
            slips = await at_treasury.find_paying_slips(connection, [*map(_key, rows)])
    return [
        (
            each,
            describe_progress(
                each, slips.get(_key(each)), visit.locale, has_slips=treasury is not None
            ),
        )
        for each in rows
    ]


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


async def _moments(visit: Visit, order: orders.PaymentOrder, grant: str) -> list[Moment]:
    """The moments that led to an order and its payment, day by day."""
    conn, budget = visit.connection, order.budget
    names, sequences = await records_about(conn, budget, grant)
    records = await whole_records(conn, budget, sequences)
    chain = await find_replaced_orders(conn, budget, order.payment_order)
    documents = await find_needed_documents(conn, budget, order.convention, order.instalment)
    behind = select_order_records(records, chain, documents, order.state_sequence)
    return timeline(behind, Subject(names, chain), visit.locale)


async def _order_page(
    visit: Visit, whole: orders.WholeOrder, revealed: orders.WholeAccount | None = None
) -> Response:
    order, conn = whole.order, visit.connection
    known = order.bank_account
    treasury = await _find_at_treasury(visit, order)
    iban, bic, holder = revealed or (known.iban, known.bic, known.holder)
    if revealed is not None:
        iban = " ".join(iban[at : at + 4] for at in range(0, len(iban), 4))
    grant = await unsettled.grant_of_convention(
        conn, visit.entities, order.budget, order.convention
    )
    is_awaited = order.state == REJECTED and await is_to_reissue(
        conn, order.budget, order.payment_order
    )
    return await visit.page(
        "order.html",
        title=f"{visit.locale.say(_('Payment order'))} {order.payment_order}",
        order=order,
        grant=grant,
        moments=await _moments(visit, order, grant or order.convention),
        today=visit.today,
        lines=whole.lines,
        payments=whole.payments,
        account={"iban": Verbatim(iban), "bic": bic or "—", "holder": holder},
        revealed=revealed is not None,
        may_reveal=visit.caller.may(Scope.OPERATE, order.budget),
        by_hand=_list_forms(visit, order, is_awaited=is_awaited),
        after=await _explain_rejection(visit, order, grant, is_awaited=is_awaited),
        treasury=treasury,
        sent=treasury_view.notice_of_sent(treasury, visit.locale),
        treasury_view=treasury_view,
        live=revealed is None,
    )


async def _find_at_treasury(
    visit: Visit, order: orders.PaymentOrder
) -> at_treasury.OrderAtTreasury | None:
    """The slips of an order and what returns said of it; None where no treasury is set up."""
    treasury = visit.request.app.state.components.treasury
    if treasury is None:
        return None
    async with treasury.store.reading() as connection:
        return await at_treasury.find_order_slips(connection, order.budget, order.payment_order)


async def _explain_rejection(
    visit: Visit, order: orders.PaymentOrder, grant: str | None, *, is_awaited: bool
) -> Notice | None:
    """The step after a rejection; None of an order that was not, or is of no convention here."""
    if order.state != REJECTED or grant is None:
        return None
    conn, budget = visit.connection, order.budget
    place = next(
        (
            (convention, instalment)
            for convention in await conventions_of(conn, budget, grant)
            for instalment in (*convention.instalments, None)
            if order.convention in convention.names
            and (instalment is None or any(each.order == order for each in instalment.orders))
        ),
        None,
    )
    if place is None:
        return None
    its_budget = await budgets.one(conn, visit.entities, budget)
    rejected = RejectedOrder(
        order,
        *place,
        is_awaited,
        await goes_on_as(conn, budget, order.payment_order),
        is_closed=its_budget is not None and its_budget.closed_on is not None,
    )
    return explain_rejection(rejected, visit.locale)


def _list_forms(
    visit: Visit, order: orders.PaymentOrder, *, is_awaited: bool
) -> list[tuple[str, str]]:
    """The forms for what the treasury says of an order, for who may send it.

    In place of one that was rejected another is issued, most often by new bank details.
    """
    if not visit.caller.may(Scope.PUBLISH, order.budget):
        return []
    steps = (order.budget, *order.payment_order.split("/"))
    if is_awaited:
        form = address("send", "bank-account", *steps)
        return [(form, visit.locale.say(_("Record new bank details")))]
    if not order.is_open:
        return []
    links = [
        (address("send", "acknowledgement", *steps, state=state), ORDER_STATES[state])
        for state in ACKNOWLEDGED
        if state != order.state
    ]
    links.append((address("send", "payment", *steps), ORDER_STATES["paid"]))
    return [(href, capital(visit.locale.say(text))) for href, text in links]


class PlanPageFilters(BaseModel):
    """Filters in the address of the plan; anything else is ignored."""

    budget: Annotated[Text | None, NOTHING] = None
    siret: Digits = None
    convention: Annotated[Text | None, NOTHING] = None


@router.get("/console/payment-plan")
async def plan(visit: Visitor) -> Response:
    """The orders that wait, by period, by week and by beneficiary."""
    asked, faults = visit.filters(PlanPageFilters)
    conn, entities, today, locale = visit.connection, visit.entities, visit.today, visit.locale
    visit.check_authorized(asked.budget)
    whose = OrderSelection(**asked.model_dump())
    found = await payment_plan(conn, entities, today, whose.filter(today))
    of_state = whose.model_copy(update={"state": orders.UNANSWERED})
    by_state = await orders.count_by_state(conn, entities, of_state.filter(today))
    return await visit.page(
        "plan.html",
        status_code=422 if faults else 200,
        live=not faults,
        faults=faults,
        title=locale.say(TITLE),
        texts=texts,
        wanted=whose,
        **await budget_choice(visit, asked.budget),
        periods=[
            (PERIOD_NAMES[period], counted, whose.due(*period_days(period, today)).href)
            for period, counted in found.periods.items()
        ],
        period_names=PERIOD_NAMES,
        unanswered=by_state.get(orders.UNANSWERED, orders.NONE),
        unanswered_href=of_state.href,
        total=found.total,
        weeks=[(each, whose.due(each.monday, each.sunday).href) for each in found.weeks],
        beneficiaries=[
            (each, whose.model_copy(update={"siret": each.siret}).href)
            for each in found.beneficiaries[:BENEFICIARIES_SHOWN]
        ],
        others=len(found.beneficiaries[BENEFICIARIES_SHOWN:]),
        today=today,
        files=files("/payment-plan", whose.asked, locale),
    )
