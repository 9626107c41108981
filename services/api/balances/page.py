"""The page of a figure: the moves of which it is the sum."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from events.texts import _
from services.api.balances.moves import STAGES_ASKED, FigureRow, moves_of_figure
from services.api.console.elements import following, line_codes
from services.api.console.lists import files, shown
from services.api.console.page_context import NAME_MAX, After, Asked, Name, Visitor, place_of
from services.api.console.states import stage_name
from services.api.console.texts import figures as texts
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
    before: After = None,
) -> Response:
    """A figure, and the moves of which it is the sum."""
    visit.check_authorized(budget)
    if stage not in STAGES_ASKED:
        raise Problem(NOT_FOUND)
    line = BudgetLine(chapter, article, function or None, operation or None) if chapter else None
    place = place_of(after, before, Offset, Offset)
    found = await moves_of_figure(
        visit.connection,
        visit.entities,
        budget=budget,
        stage=stage,
        line=line,
        grant=grant,
        after=place.key,
        backwards=place.backwards,
        limit=MOVES_SHOWN + 1,
    )
    page = shown(list(found.rows(stage)), place, MOVES_SHOWN)
    asked = {**({} if line is None else line_codes(line)), "grant": grant}
    moves = visit.locale.say(_("The moves behind a figure"))
    return await visit.page(
        "figure.html",
        title=f"{stage_name(stage, visit.locale)} – {moves}",
        texts=texts,
        stage=stage,
        figure=found,
        rows=page.rows,
        budget=budget,
        line=line,
        grant=grant,
        part=page.has_next or page.has_previous,
        files=files("/balances/figure", {"budget": budget, "stage": stage, **asked}, visit.locale),
        page_links=following(
            ("figures", budget, stage),
            asked,
            _key(page.rows[-1]) if page.has_next and page.rows else None,
            started=place.key is None,
            first=_key(page.rows[0]) if page.has_previous and page.rows else None,
        ),
    )


def _key(row: FigureRow) -> tuple[int, int]:
    return row.move.sequence, row.move.item
