"""The lists of refused and parked events, dead letters and review flags."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Annotated, Any, Final, NamedTuple

from fastapi import APIRouter, Path
from starlette.responses import RedirectResponse, Response

from services.api.access.caller import Scope
from services.api.console.elements import following
from services.api.console.page_context import (
    ROWS,
    After,
    Asked,
    Text,
    Visit,
    Visitor,
    place_after,
    position_token,
)
from services.api.console.texts import troubles as texts
from services.api.http.question import KeyTime, Offset
from services.api.rejections import query as unsettled
from services.api.rejections.explanation import Explanation
from services.api.rejections.view import KINDS, Counts, term_of

router = APIRouter()

Kind = Annotated[str, Path(pattern=f"^({'|'.join(KINDS)})$")]
NEWEST: Final = {"event_time": KeyTime, "budget": Text, "sequence": Offset}


class Listed(NamedTuple):
    """One of the lists."""

    query: Callable[..., Awaitable[Sequence[Any]]]
    reason: str
    """The argument of the query that is the reason."""
    verdict: str
    """The attribute of a row that explains it."""
    key: Mapping[str, Any]
    """The attributes by which it is ordered, with their types."""


LISTS: Final = {
    "refused": Listed(unsettled.refused, "code", "refusal", NEWEST),
    "parked": Listed(unsettled.waiting_events, "kind", "wait", NEWEST),
    "unreadable": Listed(
        unsettled.unreadable, "code", "verdict", {"chain": Text, "sequence": Offset}
    ),
    "flagged": Listed(
        unsettled.flagged, "code", "verdict", {"budget": Text, "sequence": Offset, "item": Offset}
    ),
}


@router.get("/console/troubles")
async def first_list() -> Response:
    """The first of the lists."""
    return RedirectResponse("/console/troubles/refused", 303)


@router.get("/console/troubles/{kind}")
async def trouble_list(
    visit: Visitor, kind: Kind, reason: Asked = None, after: After = None
) -> Response:
    """One of the lists, by reason."""
    counts = await trouble_counts(visit)
    listed = LISTS[kind]
    found = await listed.query(
        visit.connection,
        visit.entities,
        **{listed.reason: reason},
        after=place_after(after, *listed.key.values()),
        limit=ROWS + 1,
    )
    last = None
    if len(found) > ROWS:
        key = attrgetter(*listed.key)(found[ROWS - 1])
        last = [each.isoformat() if isinstance(each, datetime) else each for each in key]
    explanations: Sequence[Explanation] = ()
    live_token = await position_token(visit.connection)
    if kind == "unreadable":
        # The source may take its time: nobody waits for it with a connection of the database.
        await visit.connection.close()
        explanations = await visit.request.app.state.explanations.of(found[:ROWS])
    return await visit.page(
        "troubles.html",
        live_token=live_token,
        explanations=explanations,
        title=visit.locale.say(texts.TEXTS["title"]),
        texts=texts.TEXTS,
        kind=kind,
        verdict=listed.verdict,
        counts=counts,
        reason=reason,
        term_of=partial(term_of, kind),
        may_send=partial(visit.caller.may, Scope.PUBLISH),
        rows=found[:ROWS],
        page_links=following(("troubles", kind), {"reason": reason}, last, started=after is None),
    )


async def trouble_counts(visit: Visit) -> Counts:
    """Number of events of each reason in each list; None where the caller may not see any."""
    conn, entities = visit.connection, visit.entities
    counts: dict[str, Sequence[unsettled.ByReason] | None] = {
        kind: await unsettled.by_reason(conn, entities, kind) for kind in KINDS
    }
    return counts if entities is None else counts | {"unreadable": None}
