"""One search over everything."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Response
from pydantic import Field, TypeAdapter

from services.api.http.answering import UNCHANGED, whole
from services.api.http.question import Filters, Name, Question
from services.api.http.question_route import QuestionRoute
from services.api.search import query as search

router = APIRouter(tags=["journal"], responses=UNCHANGED, route_class=QuestionRoute)


class SearchFilters(Filters):
    """The text that is searched for."""

    q: Name = Field(
        description="A name or its beginning, a number of an act, a SIRET from its SIREN on, an "
        "amount in euros, the id of an event."
    )


FOUND: Final = TypeAdapter(search.Found)


@router.get("/search", response_model=search.Found, summary="Everything that a text names")
async def searched(question: Question, filters: Annotated[SearchFilters, Query()]) -> Response:
    """Grants, orders, conventions, acts, beneficiaries, documents, budgets and events.

    Case, accents, ligatures and spaces do not count. What the text names whole stands first.
    """
    return await whole(
        question,
        FOUND,
        lambda: search.searched(question.connection, question.entities, filters.q),
    )
