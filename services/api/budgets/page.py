"""The list of budgets, and the state of execution of one."""

from fastapi import APIRouter
from starlette.responses import RedirectResponse, Response

from events.texts import _
from services.api.balances import query as balances
from services.api.budgets import query as budgets
from services.api.budgets.chart import MonthChart, month_chart, year_sums
from services.api.budgets.execution import Wanted, choices, execution_view, moment_text
from services.api.budgets.months import moved_by_day
from services.api.budgets.view import budget_name, budget_view
from services.api.console.elements import address, following
from services.api.console.lists import files
from services.api.console.page_context import ROWS, After, Name, Text, Visit, Visitor, place_after
from services.api.http.dependencies import Given
from services.api.problems import NOT_FOUND, Problem
from services.api.treasury.line_codes import lines_at_treasury

router = APIRouter()


@router.get("/console/budgets")
async def budget_list(visit: Visitor, after: After = None) -> Response:
    """The list of budgets, the newest of a page first; where there is one alone, that one."""
    place = place_after(after, Text)
    found = await budgets.listed(visit.connection, visit.entities, after=place, limit=ROWS + 1)
    if len(found) == 1 and place is None:
        return RedirectResponse(address("budgets", found[0].budget), 303)
    shown = []
    for each in sorted(found[:ROWS], key=lambda each: (-each.fiscal_year, each.budget)):
        rows = await balances.by_chapter(visit.connection, visit.entities, budget=each.budget)
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
    wanted, faults = visit.filters(Wanted)
    visit.check_authorized(budget)
    found = await budgets.one(visit.connection, visit.entities, budget)
    if found is None:
        raise Problem(NOT_FOUND)
    lines = await balances.by_line(
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


async def _chart(visit: Visit, budget: budgets.Budget, wanted: Wanted) -> MonthChart:
    """The months of the year, beside those of the same budget in the year before."""
    conn, entities = visit.connection, visit.entities
    days = await moved_by_day(
        conn,
        entities,
        budget=budget.budget,
        codes=wanted.codes,
        as_of=wanted.as_of,
    )
    year = budget.fiscal_year
    until = wanted.effective_on or visit.today
    this = year_sums(year, days, until)
    before_id = f"{budget.entity}-{budget.code}-{year - 1}"
    before = None
    if await budgets.one(conn, entities, before_id) is not None:
        days = await moved_by_day(conn, entities, budget=before_id, codes=wanted.codes)
        before = year_sums(year - 1, days, until)
    return month_chart(this, before, visit.locale)
