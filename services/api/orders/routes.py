"""Payment orders: the list, one of them, those that wait."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field, StringConstraints, TypeAdapter

from services.api.files.list_file import FILE, FileFormat, file_answer, list_file
from services.api.files.sheet import Sheet
from services.api.http.answering import UNCHANGED, whole
from services.api.http.lists import CURSOR_UNKNOWN, list_route
from services.api.http.question import (
    BudgetId,
    Day,
    Filters,
    KeyText,
    ListFilters,
    Name,
    Question,
    QuestionRoute,
    Siret,
)
from services.api.orders.tables import ORDER_TABLE, PlanFilters, plan_sheets
from services.api.problems import problems
from services.api.queries import orders

router = APIRouter(
    tags=["payment orders"],
    responses=problems(CURSOR_UNKNOWN) | UNCHANGED,
    route_class=QuestionRoute,
)

State = Literal["issued", "taken_in_charge", "on_hold", "rejected", "paid", "cancelled"]
Status = Literal[State, "to_reissue"]
Sort = Annotated[str, StringConstraints(pattern=orders.SORT)]


class OrderFilters(ListFilters):
    """Filters of payment orders."""

    budget: BudgetId | None = None
    entity: Siret | None = Field(None, description="Of all budgets of this entity.")
    convention: Name | None = None
    siret: Siret | None = Field(None, description="Of this beneficiary.")
    state: list[State] | None = Field(None, description="May be given several times.")
    status: list[Status] | None = Field(
        None,
        description="States, of which `rejected` leaves out the orders that are to be issued "
        "again: those are `to_reissue`. May be given several times.",
    )
    due_from: Day | None = None
    due_until: Day | None = None
    older_than_days: int | None = Field(
        None,
        ge=0,
        le=orders.DAYS_MAX,
        description="Issued at least so many days ago, by the day in Europe/Paris.",
    )
    sort: Sort = Field(orders.FIRST_DUE, description="A minus before it is the reverse.")

    @property
    def is_dated(self) -> bool:
        """True if the answer depends on the day of the question."""
        return self.older_than_days is not None

    def arguments(self, today: date) -> dict[str, Any]:
        """The filters as arguments of a query."""
        found = super().arguments(today)
        age, states, sort = (found.pop(name) for name in ("older_than_days", "state", "sort"))
        until = None if age is None else today - timedelta(days=age)
        filters = orders.OrderFilter(**found, states=states, issued_until=until)
        return {"filters": filters, "sort": sort}


ORDER: Final = TypeAdapter(orders.WholeOrder)
WAITING: Final = TypeAdapter(orders.Waiting)


list_route(
    router,
    "/payment-orders",
    orders.list_orders,
    OrderFilters,
    {"budget": KeyText, "payment_order": KeyText},
    summary="Payment orders",
    description="Payment orders (mandats), the first due first, or sorted as asked. IBANs are "
    "shortened.",
)
list_file(
    router,
    "/payment-orders",
    orders.list_orders,
    OrderFilters,
    ORDER_TABLE,
    name="payment_orders",
    summary="Payment orders as a file",
)


@router.get(
    "/payment-plan.{file_format}",
    response_class=Response,
    responses=FILE,
    summary="Payment plan as a file",
)
async def plan_file(
    question: Question, file_format: FileFormat, filters: Annotated[PlanFilters, Query()]
) -> Response:
    """The orders that wait, by the day on which they are due: sums by week and by beneficiary.

    A CSV has the orders; an XLSX has the weeks and the beneficiaries on sheets of their own.
    """
    question.check_authorized(filters.budget)
    question.check_authorized(filters.entity)

    async def sheets() -> Sequence[Sheet]:
        return await plan_sheets(question, filters)

    return await file_answer(question, "payment-plan", file_format, sheets)


@router.get("/payment-orders/waiting", response_model=orders.Waiting, summary="Orders waiting")
async def waiting(question: Question, _: Annotated[Filters, Query()]) -> Response:
    """The orders that wait for the treasury: overdue, due within 7, 30 and 60 days, by state.

    Today is the day in Europe/Paris.
    """
    return await whole(
        question,
        WAITING,
        lambda: orders.waiting(question.connection, question.entities, question.today),
        dated=True,
    )


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
    question.check_authorized(budget)

    return await whole(
        question,
        ORDER,
        lambda: orders.one(question.connection, question.entities, budget, payment_order),
    )
