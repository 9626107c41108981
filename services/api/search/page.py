"""The page of a search; where it leads to one page, that page.

Apart from `routes`: people and programs are answered by other routers, under other rights.
"""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from events.texts import _
from services.api.console.page_context import SEARCH_MAX, Visitor
from services.api.console.pages import redirect
from services.api.search import query as search
from services.api.search.view import groups, only_page

router = APIRouter()

ASKED_MAX: Final = 10 * SEARCH_MAX
"""Characters that are read of what was pasted; of those the first are searched for."""


@router.get("/console/search")
async def search_page(
    visit: Visitor, q: Annotated[str, Query(max_length=ASKED_MAX)] = ""
) -> Response:
    """Search for a text."""
    # PostgreSQL's text holds no zero byte, and no name of ours has control characters.
    text = "".join(each if each.isprintable() else " " for each in q).strip()[:SEARCH_MAX]
    found = await search.find_hits(visit.connection, visit.entities, text, visit.names)
    page = only_page(found.hits)
    if page is not None:
        return redirect(visit.request, page)
    return await visit.page(
        "search.html",
        live=False,
        title=visit.locale.say(_("Search")),
        asked=text,
        groups=groups(found.hits, visit.locale),
        more=found.more,
    )
