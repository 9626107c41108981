"""The page of the payment plan: what is due when, by week and by beneficiary."""

from typing import Annotated, Final

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from services.api.budgets.choice import budget_choice
from services.api.console.lists import files
from services.api.console.page_context import NOTHING, Text, Visitor
from services.api.console.texts import orders as texts
from services.api.orders import query as orders
from services.api.orders.plan import payment_plan
from services.api.orders.tables import PERIOD_NAMES, TITLE
from services.api.orders.waiting import Digits, Wanted, period_days

router = APIRouter()

BENEFICIARIES_SHOWN: Final = 100
"""Beneficiaries on the page: the file has all."""


class Filters(BaseModel):
    """Filters in the address of the plan; anything else is ignored."""

    budget: Annotated[Text | None, NOTHING] = None
    siret: Digits = None
    convention: Annotated[Text | None, NOTHING] = None


@router.get("/console/payment-plan")
async def plan(visit: Visitor) -> Response:
    """The orders that wait, by period, by week and by beneficiary."""
    asked, faults = visit.filters(Filters)
    conn, entities, today, locale = visit.connection, visit.entities, visit.today, visit.locale
    visit.check_authorized(asked.budget)
    whose = Wanted(**asked.model_dump())
    found = await payment_plan(conn, entities, today, whose.filter(today))
    of_state = whose.model_copy(update={"state": orders.UNANSWERED})
    by_state = await orders.by_state(conn, entities, of_state.filter(today))
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
