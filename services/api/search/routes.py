"""One search over everything, for programs; `page` has it for people."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response
from pydantic import Field, TypeAdapter

from services.api.http.answering import UNCHANGED, whole
from services.api.http.question import Filters, Name, Question, QuestionRoute
from services.api.search import query as search

router = APIRouter(tags=["journal"], responses=UNCHANGED, route_class=QuestionRoute)


class SearchFilters(Filters):
    """The text that is searched for."""

    q: Name = Field(
        description="A name or its beginning, a signatory and the name of an operation among them, "
        "a number of an act, a SIRET from its SIREN on, an amount in euros, the id of an event."
    )


FOUND: Final = TypeAdapter(search.Found)


@router.get(
    "/search",
    response_model=search.Found,
    operation_id="searched_search_get",
    summary="Everything that a text names",
)
async def search_everything(
    question: Question, filters: Annotated[SearchFilters, Query()]
) -> Response:
    """Grants, orders, conventions, acts, beneficiaries, documents, budgets and events.

    Case, accents, ligatures and spaces do not count. What the text names whole stands first.
    """
    return await whole(
        question,
        FOUND,
        lambda: search.find_hits(question.connection, question.entities, filters.q, question.names),
    )
