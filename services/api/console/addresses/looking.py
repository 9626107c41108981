"""Today, the grants, and the moves behind their figures."""

from dataclasses import replace
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from services.api.asking import Ends, Watched, check_sees
from services.api.console.addresses.troubles import trouble_counts
from services.api.console.addresses.visit import (
    BUDGETS_CHOSEN,
    ROWS,
    After,
    Asked,
    Name,
    Search,
    Visitor,
    number,
    place_after,
    plain,
    today_token,
)
from services.api.console.pages import TODAY_LIVE_PATH
from services.api.console.views.budgets import budget_choices, budget_view
from services.api.console.views.figures import figure_view
from services.api.console.views.grant import grant_view
from services.api.console.views.grants import found_words, rows_of
from services.api.console.views.parts import (
    Link,
    address,
    following,
    grant_href,
    line_codes,
    line_name,
)
from services.api.console.views.today import standing_view
from services.api.console.views.troubles import todo
from services.api.console.views.waiting import overdue, waiting_view
from services.api.console.words import grants as grant_words
from services.api.console.words import shell, today, troubles
from services.api.problems import NOT_FOUND, Problem
from services.api.queries import balances, behind_figures, budgets, grant_money, grants, orders
from services.api.queries.parts import BudgetLine
from services.api.queries.standing import standing

router = APIRouter()

BUDGETS_SHOWN: Final = 20
"""How many budgets stand on the first page, each with its bar."""

MOVES_SHOWN: Final = 200
"""How many moves of a figure stand on one page."""

Code = Annotated[str, Query(max_length=40, pattern=r"^[^\x00-\x1f\x7f]*$")]


@router.get("/console/today")
async def the_day(lag: Watched, ends: Ends, visit: Visitor) -> Response:
    """How far the accounts are, and what waits for whom."""
    told = await standing(visit.connection, visit.entities, ends)
    waiting = await orders.waiting(visit.connection, visit.entities, visit.today)
    shown = []
    for each in await budgets.listed(visit.connection, visit.entities, limit=BUDGETS_SHOWN):
        rows = await balances.by_chapter(visit.connection, visit.entities, budget=each.budget)
        shown.append(budget_view(each, rows, visit.voice))
    counts = await trouble_counts(visit)
    return await visit.page(
        "today.html",
        live_token=await today_token(visit.connection, lag),
        live_href=TODAY_LIVE_PATH,
        title=visit.voice.say(today.WORDS["title"]),
        standing=standing_view(told, lag, visit.now, visit.voice, sees_all=visit.entities is None),
        waiting=waiting_view(waiting, visit.today, visit.voice),
        todo=todo(counts, waiting.overdue.count, overdue(visit.today), visit.voice),
        budgets=shown,
    )


@router.get("/console/grants")
async def grant_list(
    visit: Visitor, budget: Asked = None, search: Search = "", after: After = None
) -> Response:
    """The list of grants, with a search."""
    if budget is not None:
        check_sees(visit.caller, budget)
    place = place_after(after, plain, plain)
    wanted = search.strip()
    found = await grants.listed(
        visit.connection,
        visit.entities,
        budget=budget,
        search=wanted or None,
        after=place,
        limit=ROWS + 1,
    )
    keys = [(each.budget, each.grant) for each in found[:ROWS]]
    reserved_cents = await grant_money.reserved_of(visit.connection, keys)
    rows = rows_of(found[:ROWS], reserved_cents, visit.voice)
    last = found[ROWS - 1] if len(found) > ROWS else None
    known = await budgets.listed(visit.connection, visit.entities, limit=BUDGETS_CHOSEN)
    return await visit.page(
        "grants.html",
        title=visit.voice.say(grant_words.WORDS["title"]),
        rows=rows,
        search=wanted,
        budgets=budget_choices(known, budget, visit.voice),
        found=found_words(len(rows), wanted, visit.voice, more=last is not None),
        turn=following(
            ("grants",),
            {"budget": budget, "search": wanted or None},
            None if last is None else (last.budget, last.grant),
            started=place is None,
        ),
    )


@router.get("/console/grants/{budget}/{grant:path}")
async def grant(visit: Visitor, budget: Name, grant: Name) -> Response:
    """All that is known of a grant."""
    check_sees(visit.caller, budget)
    found = await grants.one(visit.connection, visit.entities, budget, grant)
    if found is None:
        raise Problem(NOT_FOUND)
    view = grant_view(found, visit.today, visit.voice)
    return await visit.page("grant.html", title=view.name, grant=view)


@router.get("/console/figures/{budget}/{stage}")
async def figure(
    visit: Visitor,
    budget: Name,
    stage: Name,
    chapter: Code = "",
    article: Code = "",
    function: Code = "",
    operation: Code = "",
    grant: Asked = None,
    after: After = None,
) -> Response:
    """A figure, and the moves of which it is the sum."""
    check_sees(visit.caller, budget)
    if stage not in behind_figures.STAGES_ASKED:
        raise Problem(NOT_FOUND)
    line = BudgetLine(chapter, article, function or None, operation or None) if chapter else None
    place = place_after(after, number, number)
    found = await behind_figures.moves_of(
        visit.connection,
        visit.entities,
        budget=budget,
        stage=stage,
        line=line,
        grant=grant,
        after=place,
        limit=MOVES_SHOWN + 1,
    )
    more = len(found.moves) > MOVES_SHOWN
    found = replace(found, moves=found.moves[:MOVES_SHOWN])
    trail = [Link(address("grants", budget=budget), visit.voice.say(shell.WORDS["grants"]))]
    if grant is not None:
        trail.append(Link(grant_href(budget, grant), grant))
    view = figure_view(stage, found, visit.voice)
    asked = {} if line is None else line_codes(line)
    last = (found.moves[-1].sequence, found.moves[-1].item) if more else None
    return await visit.page(
        "figure.html",
        title=f"{view.stage} – {visit.voice.say(troubles.WORDS['figure'])}",
        figure=view,
        trail_steps=trail,
        budget=budget,
        line="" if line is None else line_name(line),
        grant=grant or "",
        part=more or place is not None,
        turn=following(
            ("figures", budget, stage), {**asked, "grant": grant}, last, started=place is None
        ),
    )
