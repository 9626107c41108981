"""The lists of refused and parked events, dead letters and review flags."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Annotated, Any, Final, NamedTuple

from fastapi import APIRouter, Path
from starlette.responses import RedirectResponse, Response

from services.api.access.caller import Scope
from services.api.console.lists import files, links, shown
from services.api.console.page_context import (
    ROWS,
    After,
    Asked,
    Text,
    Visit,
    Visitor,
    place_of,
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
    path: str
    """The address of the API's list, whose file has the same rows."""


LISTS: Final = {
    "refused": Listed(unsettled.refused, "code", "refusal", NEWEST, "/refusals"),
    "parked": Listed(unsettled.waiting_events, "kind", "wait", NEWEST, "/parked"),
    "unreadable": Listed(
        unsettled.unreadable,
        "code",
        "verdict",
        {"chain": Text, "sequence": Offset},
        "/dead-letters",
    ),
    "flagged": Listed(
        unsettled.flagged,
        "code",
        "verdict",
        {"budget": Text, "sequence": Offset, "item": Offset},
        "/review-flags",
    ),
}


@router.get("/console/troubles")
async def first_list() -> Response:
    """The first of the lists."""
    return RedirectResponse("/console/troubles/refused", 303)


@router.get("/console/troubles/{kind}")
async def trouble_list(
    visit: Visitor, kind: Kind, reason: Asked = None, after: After = None, before: After = None
) -> Response:
    """One of the lists, by reason."""
    counts = await trouble_counts(visit)
    listed = LISTS[kind]
    place = place_of(after, before, *listed.key.values())
    found = await listed.query(
        visit.connection,
        visit.entities,
        **{listed.reason: reason},
        after=place.key,
        backwards=place.backwards,
        limit=ROWS + 1,
    )
    page = shown(found, place, ROWS)

    def key(row: Any) -> list[Any]:
        values = attrgetter(*listed.key)(row)
        return [each.isoformat() if isinstance(each, datetime) else each for each in values]

    explanations: Sequence[Explanation] = ()
    live_token = await position_token(visit.connection)
    if kind == "unreadable":
        # The source may take its time: nobody waits for it with a connection of the database.
        await visit.connection.close()
        explanations = await visit.request.app.state.explanations.of(page.rows)
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
        rows=page.rows,
        files=files(listed.path, {listed.reason: reason}, visit.locale),
        page_links=links(("troubles", kind), {"reason": reason}, page, place, key),
    )


async def trouble_counts(visit: Visit) -> Counts:
    """Number of events of each reason in each list; None where the caller may not see any."""
    conn, entities = visit.connection, visit.entities
    counts: dict[str, Sequence[unsettled.ByReason] | None] = {
        kind: await unsettled.by_reason(conn, entities, kind) for kind in KINDS
    }
    return counts if entities is None else counts | {"unreadable": None}
