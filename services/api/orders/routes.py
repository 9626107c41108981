"""Payment orders: the list, one of them, those that wait."""

from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field, TypeAdapter

from services.api.http.answering import UNCHANGED, Page, paged, whole
from services.api.http.question import (
    BudgetId,
    Day,
    Filters,
    KeyText,
    Name,
    PageFilters,
    Question,
    Siret,
)
from services.api.orders import query as orders
from services.api.problems import NOT_FOUND, Problem, problems

router = APIRouter(tags=["payment orders"], responses=problems(400) | UNCHANGED)

State = Literal["issued", "taken_in_charge", "on_hold", "rejected", "paid", "cancelled"]
DAYS_MAX: Final = 36_500


class OrderFilters(PageFilters):
    """Which payment orders."""

    budget: BudgetId | None = None
    entity: Siret | None = Field(None, description="Of all budgets of this entity.")
    convention: Name | None = None
    siret: Siret | None = Field(None, description="Of this beneficiary.")
    state: list[State] | None = Field(None, description="May be given several times.")
    due_from: Day | None = None
    due_until: Day | None = None
    older_than_days: int | None = Field(
        None,
        ge=0,
        le=DAYS_MAX,
        description="Issued at least so many days ago, by the day in Europe/Paris.",
    )


ORDERS: Final = TypeAdapter(Page[orders.PaymentOrder])
ORDER: Final = TypeAdapter(orders.WholeOrder)
WAITING: Final = TypeAdapter(orders.Waiting)
KEY: Final = TypeAdapter(tuple[Day, KeyText, KeyText])


@router.get("/payment-orders", response_model=Page[orders.PaymentOrder], summary="Payment orders")
async def listed(question: Question, filters: Annotated[OrderFilters, Query()]) -> Response:
    """Payment orders (mandats), the first due first. IBANs are shortened."""
    age = filters.older_than_days
    asked = orders.OrderFilter(
        budget=question.of(filters.budget),
        entity=question.of(filters.entity),
        convention=filters.convention,
        siret=filters.siret,
        states=filters.state,
        due_from=filters.due_from,
        due_until=filters.due_until,
        issued_until=None if age is None else question.today - timedelta(days=age),
    )

    async def fetch(after: Any, limit: int) -> list[orders.PaymentOrder]:
        return await orders.listed(
            question.connection, question.entities, asked, after=after, limit=limit
        )

    return await paged(
        question,
        filters,
        ORDERS,
        KEY,
        fetch,
        lambda each: (each.due_on, each.budget, each.payment_order),
        dated=age is not None,
    )


@router.get("/payment-orders/waiting", response_model=orders.Waiting, summary="Orders waiting")
async def waiting(question: Question, _: Annotated[Filters, Query()]) -> Response:
    """The orders that wait for the treasury: due within 60 days, overdue, by state.

    Today is the day in Europe/Paris.
    """

    async def build() -> orders.Waiting:
        return await orders.waiting(question.connection, question.entities, question.today)

    return await whole(question, WAITING, build, dated=True)


@router.get(
    "/budgets/{budget}/payment-orders/{payment_order:path}",
    response_model=orders.WholeOrder,
    summary="A payment order",
)
async def one(
    question: Question,
    budget: BudgetId,
    payment_order: Annotated[Name, Path(description="`<convention>/<instalment>`")],
    _: Annotated[Filters, Query()],
) -> Response:
    """A payment order with its lines, services and payments."""
    question.of(budget)

    async def build() -> orders.WholeOrder:
        found = await orders.one(question.connection, question.entities, budget, payment_order)
        if found is None:
            raise Problem(NOT_FOUND)
        return found

    return await whole(question, ORDER, build)
