"""The page of a search; where it leads to one page, that page."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import RedirectResponse, Response

from events.texts import _
from services.api.console.page_context import SEARCH_MAX, Visitor
from services.api.search import query as search
from services.api.search.view import groups, only_page

router = APIRouter()

ASKED_MAX: Final = 10 * SEARCH_MAX
"""Characters that are read of what was pasted; of those the first are searched for."""


@router.get("/console/search")
async def searched(visit: Visitor, q: Annotated[str, Query(max_length=ASKED_MAX)] = "") -> Response:
    """What a text names."""
    # PostgreSQL's text holds no zero byte, and no name of ours has control characters.
    text = "".join(each if each.isprintable() else " " for each in q).strip()[:SEARCH_MAX]
    found = await search.searched(visit.connection, visit.entities, text)
    page = only_page(found.hits)
    if page is not None:
        return RedirectResponse(page, 303)
    return await visit.page(
        "search.html",
        live=False,
        title=visit.locale.say(_("Search")),
        asked=text,
        groups=groups(found.hits, visit.locale),
        more=found.more,
    )
