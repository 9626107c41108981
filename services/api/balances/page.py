"""The page of a figure: the moves of which it is the sum."""

from dataclasses import replace
from typing import Annotated, Final

from fastapi import APIRouter, Query
from starlette.responses import Response

from events.texts import _
from services.api.balances.moves import STAGES_ASKED, moves_of_figure
from services.api.budgets import query as budgets
from services.api.budgets.execution import CODE_NAMES, moment_text
from services.api.console.elements import following
from services.api.console.page_context import (
    NAME_MAX,
    NOTHING,
    After,
    Asked,
    Name,
    Visitor,
    place_after,
)
from services.api.console.states import stage_name
from services.api.console.trails import above
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
    grant: Asked = None,
    effective_on: Annotated[Day | None, NOTHING] = None,
    known_at: Annotated[Sequence | None, NOTHING] = None,
    after: After = None,
) -> Response:
    """A figure, and the moves of which it is the sum, as of a day and as known at a record."""
    visit.check_authorized(budget)
    if stage not in STAGES_ASKED:
        raise Problem(NOT_FOUND)
    of_budget = await budgets.one(visit.connection, visit.entities, budget)
    given = dict(zip(LINE, (chapter, article, function, operation), strict=True))
    codes = {name: code for name, code in given.items() if code is not None}
    place = place_after(after, Offset, Offset)
    as_of = AsOf(effective_on, known_at)
    found = await moves_of_figure(
        visit.connection,
        visit.entities,
        budget=budget,
        stage=stage,
        codes=codes,
        grant=grant,
        as_of=as_of,
        after=place,
        limit=MOVES_SHOWN + 1,
    )
    more = len(found.moves) > MOVES_SHOWN
    found = replace(found, moves=found.moves[:MOVES_SHOWN])
    moment = {"effective_on": effective_on, "known_at": known_at}
    asked = {**codes, "grant": grant} | {name: str(each) for name, each in moment.items() if each}
    last = (found.moves[-1].sequence, found.moves[-1].item) if more else None
    moves = visit.locale.say(_("The moves behind a figure"))
    return await visit.page(
        "figure.html",
        title=f"{stage_name(stage, visit.locale)} – {moves}",
        stage=stage,
        figure=found,
        budget=budget,
        moment=None if of_budget is None else moment_text(of_budget, as_of, visit.locale),
        codes=codes,
        code_names=CODE_NAMES,
        line=None if len(codes) < len(LINE) else line_of(codes),
        grant=grant,
        **above(budget, grant, visit.locale)._asdict(),
        part=more or place is not None,
        page_links=following(("figures", budget, stage), asked, last, started=place is None),
    )
