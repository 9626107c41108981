"""The list of budgets, the state of execution of one; and what other pages show of budgets."""

from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from events.texts import _
from services.api.budgets import balances
from services.api.budgets import query as budgets
from services.api.budgets.chart import MonthChart, month_chart, year_sums
from services.api.budgets.execution import LineSelection, choices, execution_view, moment_text
from services.api.budgets.moves import sum_by_day
from services.api.budgets.query import FaultyLine, faulty_lines
from services.api.budgets.view import budget_name, budget_names, budget_view
from services.api.console.elements import address, following
from services.api.console.lists import files
from services.api.console.page_context import ROWS, After, Name, Text, Visit, Visitor, place_after
from services.api.console.pages import redirect
from services.api.http.components import Components
from services.api.http.dependencies import Given
from services.api.problems import NOT_FOUND, Problem

router = APIRouter()

BUDGETS_CHOSEN: Final = 200
"""Budgets in a filter: the page Budgets has all."""

OLDER: Final = _("… older ones: under Budgets")


@router.get("/console/budgets")
async def budget_list(visit: Visitor, after: After = None) -> Response:
    """The list of budgets, the newest of a page first; where there is one alone, that one."""
    place = place_after(after, Text)
    found = await budgets.list_budgets(
        visit.connection, visit.entities, after=place, limit=ROWS + 1
    )
    if len(found) == 1 and place is None:
        return redirect(visit.request, address("budgets", found[0].budget))
    shown = []
    for each in sorted(found[:ROWS], key=lambda each: (-each.fiscal_year, each.budget)):
        rows = await balances.list_chapters(visit.connection, visit.entities, budget=each.budget)
        shown.append(budget_view(each, rows, visit.locale, visit.names))
    last = (found[ROWS - 1].budget,) if len(found) > ROWS else None
    return await visit.page(
        "budgets.html",
        title=visit.locale.say(_("Budgets")),
        rows=shown,
        page_links=following(("budgets",), {}, last, started=place is None),
    )


@router.get("/console/budgets/{budget}")
async def execution(visit: Visitor, components: Given, budget: Name) -> Response:
    """The state of execution of a budget, of any day, as known at any record."""
    wanted, faults = visit.filters(LineSelection)
    visit.check_authorized(budget)
    found = await budgets.one(visit.connection, visit.entities, budget)
    if found is None:
        raise Problem(NOT_FOUND)
    lines = await balances.list_lines(
        visit.connection, visit.entities, budget=budget, as_of=wanted.as_of
    )
    locale, names = visit.locale, visit.names
    return await visit.page(
        "budget.html",
        status_code=422 if faults else 200,
        live=not faults,
        faults=faults,
        title=budget_name(found, locale, names),
        budget=found,
        wanted=wanted,
        moment=moment_text(found, wanted.as_of, locale),
        files=files(f"/budgets/{budget}/execution", wanted.moment, locale),
        line_files=files(
            "/balances/lines", {"budget": budget, **wanted.codes, **wanted.moment}, locale
        ),
        choices=choices(lines, wanted, budget, names),
        execution=execution_view(budget, lines, wanted, names, locale),
        chart=await _chart(visit, found, wanted),
        faulty_lines=await lines_at_treasury(visit, components, budget),
    )


async def _chart(visit: Visit, budget: budgets.Budget, selection: LineSelection) -> MonthChart:
    """The months of the year, beside those of the same budget in the year before."""
    conn, entities = visit.connection, visit.entities
    days = await sum_by_day(
        conn,
        entities,
        budget=budget.budget,
        codes=selection.codes,
        as_of=selection.as_of,
    )
    year = budget.fiscal_year
    until = selection.effective_on or visit.today
    this = year_sums(year, days, until)
    before_id = f"{budget.entity}-{budget.code}-{year - 1}"
    before = None
    if await budgets.one(conn, entities, before_id) is not None:
        days = await sum_by_day(conn, entities, budget=before_id, codes=selection.codes)
        before = year_sums(year - 1, days, until)
    return month_chart(this, before, visit.locale)


async def budget_choice(visit: Visit, here: str | None) -> dict[str, Any]:
    """The budgets of a page's filter: the newest first; the one asked for is among them."""
    known = await budgets.newest_first(visit.connection, visit.entities, BUDGETS_CHOSEN + 1)
    shown = known[:BUDGETS_CHOSEN]
    return {
        "budgets": budget_names(shown, here, visit.locale, visit.names),
        "older_budgets": visit.locale.say(OLDER) if len(known) > len(shown) else None,
    }


async def lines_at_treasury(
    visit: Visit, components: Components, budget: str | None = None
) -> list[FaultyLine]:
    """The lines of open budgets that no slip can take; none where this server makes no slips."""
    treasury = components.treasury
    if treasury is None:
        return []
    return await faulty_lines(visit.connection, visit.entities, treasury.config, budget)
