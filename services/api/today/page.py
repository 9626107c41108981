"""The page Today, for people; `routes` has its status for programs, `live` the streams of pages."""

from typing import Final

from fastapi import APIRouter
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.responses import Response

from events.texts import _
from services.api.budgets import balances
from services.api.budgets import query as budgets
from services.api.budgets.page import lines_at_treasury
from services.api.budgets.view import budget_view
from services.api.console.elements import address
from services.api.console.page_context import Visitor, position_token
from services.api.console.pages import TODAY_LIVE_PATH
from services.api.http.dependencies import Ends, Given, Watched
from services.api.lag.view import lag_token
from services.api.orders.waiting import overdue, to_reissue, waiting_view
from services.api.queries import orders
from services.api.rejections.page import trouble_counts
from services.api.rejections.view import TO_REISSUE, todo
from services.api.today.read_model_status import read_model_status
from services.api.today.view import status_view
from services.lag.document import Lag

router = APIRouter()

BUDGETS_SHOWN: Final = 20
"""Budgets on the first page, each with its bar."""


@router.get("/console/today")
async def today(lag: Watched, ends: Ends, visit: Visitor, components: Given) -> Response:
    """The page Today: the status of the accounts, and the work that waits."""
    status = await read_model_status(visit.connection, visit.entities, ends)
    waiting = await orders.waiting(visit.connection, visit.entities, visit.today)
    shown = []
    for each in await budgets.newest_first(visit.connection, visit.entities, BUDGETS_SHOWN):
        rows = await balances.list_chapters(visit.connection, visit.entities, budget=each.budget)
        shown.append(budget_view(each, rows, visit.locale, visit.names))
    counts = await trouble_counts(visit)
    rejected = await orders.count_to_reissue(visit.connection, visit.entities)
    faulty = await lines_at_treasury(visit, components)
    others = (
        (_("Overdue payment orders"), waiting.overdue.count, overdue(visit.today)),
        (TO_REISSUE, rejected, to_reissue()),
        (_("Lines that no slip can take"), len(faulty), address("treasury") + "#lines"),
    )
    return await visit.page(
        "today.html",
        live_token=await today_token(visit.connection, lag),
        live_href=TODAY_LIVE_PATH,
        title=visit.locale.say(_("Today")),
        status=status_view(status, lag, visit.now, visit.locale, sees_all=visit.entities is None),
        waiting=waiting_view(waiting, visit.today, visit.locale),
        todo=todo(others, counts, visit.locale),
        budgets=shown,
    )


async def today_token(connection: AsyncConnection, lag: Lag) -> str:
    """Digest of what the page Today shows: the position of the accounts, the states of stages."""
    return await position_token(connection) + lag_token(lag)
