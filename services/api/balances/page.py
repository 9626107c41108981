"""The page of a figure: the moves of which it is the sum."""

from dataclasses import replace
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from events.texts import _
from services.api.balances.moves import STAGES_ASKED, moves_of_figure
from services.api.console.elements import following, line_codes
from services.api.console.page_context import NAME_MAX, After, Asked, Name, Visitor, place_after
from services.api.console.states import stage_name
from services.api.console.trails import above
from services.api.http.question import Offset
from services.api.problems import NOT_FOUND, Problem
from services.api.queries.rows import BudgetLine

router = APIRouter()

MOVES_SHOWN: Final = 200
"""Moves of a figure on one page."""

Code = Annotated[str, Query(max_length=NAME_MAX, pattern=r"^[^\x00-\x1f\x7f]*$")]


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
    visit.check_authorized(budget)
    if stage not in STAGES_ASKED:
        raise Problem(NOT_FOUND)
    line = BudgetLine(chapter, article, function or None, operation or None) if chapter else None
    place = place_after(after, Offset, Offset)
    found = await moves_of_figure(
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
    asked = {} if line is None else line_codes(line)
    last = (found.moves[-1].sequence, found.moves[-1].item) if more else None
    moves = visit.locale.say(_("The moves behind a figure"))
    return await visit.page(
        "figure.html",
        title=f"{stage_name(stage, visit.locale)} – {moves}",
        stage=stage,
        figure=found,
        budget=budget,
        line=line,
        grant=grant,
        **above(budget, grant, visit.locale)._asdict(),
        part=more or place is not None,
        page_links=following(
            ("figures", budget, stage), {**asked, "grant": grant}, last, started=place is None
        ),
    )
