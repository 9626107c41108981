"""The page of a figure: the moves of which it is the sum."""

from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from events.texts import _
from services.api.budgets import query as budgets
from services.api.budgets.execution import CODE_NAMES, moment_text
from services.api.budgets.moves import STAGES_ASKED, FigureRow, moves_of_figure
from services.api.console import texts
from services.api.console.elements import breadcrumbs
from services.api.console.lists import cut_page, files, links
from services.api.console.page_context import (
    NAME_MAX,
    NOTHING,
    After,
    Name,
    OptionalText,
    Visitor,
    place_of,
)
from services.api.console.states import stage_name
from services.api.http.question import Day, Offset, Sequence
from services.api.problems import NOT_FOUND, Problem
from services.api.queries.figures import AsOf
from services.api.queries.rows import LINE, line_of

router = APIRouter()

MOVES_SHOWN: Final = 200
"""Moves of a figure on one page."""

Code = Annotated[str | None, Query(max_length=NAME_MAX, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A code of a line; that an empty one is asked for means that it has none."""


@router.get("/console/figures/{budget}/{stage}")
async def figure(
    visit: Visitor,
    budget: Name,
    stage: Name,
    chapter: Code = None,
    article: Code = None,
    function: Code = None,
    operation: Code = None,
    grant: OptionalText = None,
    effective_on: Annotated[Day | None, NOTHING] = None,
    known_at: Annotated[Sequence | None, NOTHING] = None,
    after: After = None,
    before: After = None,
) -> Response:
    """A figure, and the moves of which it is the sum, as of a day and as known at a record."""
    visit.check_authorized(budget)
    if stage not in STAGES_ASKED:
        raise Problem(NOT_FOUND)
    of_budget = await budgets.one(visit.connection, visit.entities, budget)
    given = dict(zip(LINE, (chapter, article, function, operation), strict=True))
    codes = {name: code for name, code in given.items() if code is not None}
    place = place_of(after, before, Offset, Offset)
    as_of = AsOf(effective_on, known_at)
    found = await moves_of_figure(
        visit.connection,
        visit.entities,
        budget=budget,
        stage=stage,
        codes=codes,
        grant=grant,
        as_of=as_of,
        after=place.key,
        backwards=place.backwards,
        limit=MOVES_SHOWN + 1,
    )
    page = cut_page(list(found.rows(stage)), place, MOVES_SHOWN)
    moment = {"effective_on": effective_on, "known_at": known_at}
    asked = {**codes, "grant": grant} | {name: str(each) for name, each in moment.items() if each}
    moves = visit.locale.say(_("The moves behind a figure"))
    return await visit.page(
        "figure.html",
        title=f"{stage_name(stage, visit.locale)} – {moves}",
        texts=texts,
        stage=stage,
        figure=found,
        rows=page.rows,
        budget=budget,
        moment=None if of_budget is None else moment_text(of_budget, as_of, visit.locale),
        codes=codes,
        code_names=CODE_NAMES,
        line=None if len(codes) < len(LINE) else line_of(codes),
        grant=grant,
        **breadcrumbs(budget, grant, visit.locale)._asdict(),
        part=page.has_next or page.has_previous,
        files=files("/balances/figure", {"budget": budget, "stage": stage, **asked}, visit.locale),
        page_links=links(("figures", budget, stage), asked, page, place, _key),
    )


def _key(row: FigureRow) -> tuple[int, int]:
    return row.move.sequence, row.move.item
