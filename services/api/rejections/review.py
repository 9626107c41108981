"""Marking a record as reviewed, from the console: an event that a form makes."""

import json
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form
from starlette.responses import RedirectResponse, Response

from events.follow_up import RecordReviewed
from events.texts import _
from services.api.access.authorization import check_authorized
from services.api.access.caller import Caller, Scope
from services.api.adapters.clock_and_chance import make_unique_name
from services.api.budgets import query as budgets
from services.api.console.elements import address
from services.api.console.page_context import Name, Sequence64, Visit, Visitor
from services.api.console.pages import name_of
from services.api.events_in.publishing import CONSOLE, author_of, publish_one
from services.api.http.dependencies import Given, Sender
from services.api.journal import records
from services.api.problems import NOT_FOUND, Kind, Problem
from services.api.rejections.view import Listing

router = APIRouter()

DEAD: Final = "_dead."
"""The prefix of chains of dead letters, which belong to no budget."""

COMMENT_MAX: Final = 1000

NO_BUDGET: Final = Kind(
    "no_budget",
    409,
    _("No budget yet"),
    _("A review stands in the journal of a budget, and there is none yet."),
    _("Send the vote of a budget first."),
)

Comment = Annotated[str, Form(max_length=COMMENT_MAX)]


@router.post("/console/reviews/{chain}/{sequence}")
async def mark_as_reviewed(
    visit: Visitor,
    components: Given,
    caller: Sender,
    chain: Name,
    sequence: Sequence64,
    listing: Annotated[Listing, Form()],
    comment: Comment = "",
) -> Response:
    """Publish that this person has seen a record; the list shows it once it is in the accounts."""
    if await records.one(visit.connection, visit.entities, chain, sequence) is None:
        raise Problem(NOT_FOUND)
    budget = await _home(visit, caller, chain)
    # The publisher may take its time: nobody waits for it with a connection of the database.
    await visit.connection.close()
    event = _event(visit, caller, budget, chain, sequence, comment)
    await publish_one(json.dumps(event).encode(), caller, components, visit.language)
    pending = f"{chain}/{sequence}"
    return RedirectResponse(address("troubles", listing, pending=pending), 303)


async def _home(visit: Visit, caller: Caller, chain: str) -> str:
    """The budget in whose journal a review stands: the record's own.

    A dead letter has none, and the journal does not keep its key. It is reviewed in the newest
    budget, by who may publish for all entities.

    Raises:
        Problem: the caller may not publish there, or there is no budget.
    """
    if not chain.startswith(DEAD):
        check_authorized(caller, chain, Scope.PUBLISH)
        return chain
    if not caller.entities(Scope.PUBLISH).every:
        raise Problem(NOT_FOUND)
    newest = await budgets.newest(visit.connection)
    if newest is None:
        raise Problem(NO_BUDGET)
    return newest


def _event(
    visit: Visit, caller: Caller, budget: str, chain: str, sequence: int, comment: str
) -> dict[str, Any]:
    data: dict[str, Any] = {
        "budget": budget,
        "sequence": sequence,
        "reviewed_by": name_of(caller, visit.locale),
        "reviewed_on": visit.today.isoformat(),
    }
    if chain != budget:
        data["chain"] = chain
    if remark := comment.replace("\r\n", "\n").strip():
        data["comment"] = remark
    return {
        "specversion": "1.0",
        "id": f"review/{chain}/{sequence}/{make_unique_name()}",
        "source": CONSOLE,
        "type": RecordReviewed.TYPE,
        "time": visit.now.isoformat(),
        "partitionkey": budget,
        **author_of(caller),
        "data": data,
    }
