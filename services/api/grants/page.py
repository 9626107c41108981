"""The list of grants, and the page of one."""

from fastapi import APIRouter
from starlette.responses import Response

from services.api.budgets import query as budgets
from services.api.budgets.view import budget_choices
from services.api.console.elements import (
    following,
)
from services.api.console.page_context import (
    BUDGETS_CHOSEN,
    ROWS,
    After,
    Asked,
    Name,
    Search,
    Text,
    Visitor,
    place_after,
)
from services.api.console.texts import grants as grant_texts
from services.api.grants import money as grant_money
from services.api.grants import query as grants
from services.api.grants.list_view import found_text, rows_of
from services.api.grants.view import grant_view
from services.api.problems import NOT_FOUND, Problem

router = APIRouter()


@router.get("/console/grants")
async def grant_list(
    visit: Visitor, budget: Asked = None, search: Search = "", after: After = None
) -> Response:
    """The list of grants, with a search."""
    visit.check_authorized(budget)
    place = place_after(after, Text, Text)
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
    rows = rows_of(found[:ROWS], reserved_cents, visit.locale)
    last = found[ROWS - 1] if len(found) > ROWS else None
    known = await budgets.listed(visit.connection, visit.entities, limit=BUDGETS_CHOSEN)
    return await visit.page(
        "grants.html",
        title=visit.locale.say(grant_texts.TEXTS["title"]),
        rows=rows,
        search=wanted,
        budgets=budget_choices(known, budget, visit.locale),
        found=found_text(len(rows), wanted, visit.locale, more=last is not None),
        page_links=following(
            ("grants",),
            {"budget": budget, "search": wanted or None},
            None if last is None else (last.budget, last.grant),
            started=place is None,
        ),
    )


@router.get("/console/grants/{budget}/{grant:path}")
async def grant(visit: Visitor, budget: Name, grant: Name) -> Response:
    """All that is known of a grant."""
    visit.check_authorized(budget)
    found = await grants.one(visit.connection, visit.entities, budget, grant)
    if found is None:
        raise Problem(NOT_FOUND)
    view = grant_view(found, visit.today, visit.locale)
    return await visit.page("grant.html", title=view.name, grant=view)
