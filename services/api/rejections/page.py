"""The lists of refused and parked events, dead letters, which are sent again, and review flags."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from operator import attrgetter
from typing import Annotated, Any, Final, NamedTuple

from fastapi import APIRouter, Form, Path, Request
from starlette.responses import RedirectResponse, Response

from events.envelope import INTERNAL_EVENTS
from services.api.access.caller import Scope, entity_of
from services.api.console import texts
from services.api.console.elements import address
from services.api.console.lists import cut_page, files, links
from services.api.console.page_context import (
    ROWS,
    After,
    Name,
    OptionalText,
    Sequence64,
    Text,
    Visit,
    Visitor,
    place_of,
    position_token,
)
from services.api.console.pages import redirect
from services.api.events_in.publishing import CONSOLE, author_of
from services.api.http.dependencies import Given, Now, Operator
from services.api.http.question import FreeText, KeyTime, Offset
from services.api.orders.waiting import to_reissue
from services.api.queries import orders
from services.api.queries import rejections as unsettled
from services.api.queries.explanation import Explanation
from services.api.rejections.redrive import name_of_sender, send_again
from services.api.rejections.view import KINDS, TO_REISSUE, Counts, Listing, term_of
from services.redrive.sending import Author

router = APIRouter()

Kind = Annotated[Listing, Path()]
NEWEST: Final = {"event_time": KeyTime, "budget": Text, "sequence": Offset}


class TroubleList(NamedTuple):
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
    settled: str = "settled"
    """The argument of the query that asks for what is settled, or still to do."""

    def key_of(self, row: Any) -> list[Any]:
        """The key of a row, as a link spells it."""
        values = attrgetter(*self.key)(row)
        return [each.isoformat() if isinstance(each, datetime) else each for each in values]


LISTS: Final = {
    "refused": TroubleList(unsettled.list_refused, "code", "refusal", NEWEST, "/refusals"),
    "parked": TroubleList(unsettled.list_waiting, "kind", "wait", NEWEST, "/parked", "ended"),
    "unreadable": TroubleList(
        unsettled.list_unreadable,
        "code",
        "verdict",
        {"chain": Text, "sequence": Offset},
        "/dead-letters",
    ),
    "flagged": TroubleList(
        unsettled.list_flagged,
        "code",
        "verdict",
        {"budget": Text, "sequence": Offset, "item": Offset},
        "/review-flags",
    ),
}


@router.get("/console/troubles")
async def first_list(request: Request) -> Response:
    """The first of the lists."""
    return redirect(request, "/console/troubles/refused")


@router.get("/console/troubles/{kind}")
async def trouble_list(
    visit: Visitor,
    kind: Kind,
    reason: OptionalText = None,
    settled: bool = False,
    pending: OptionalText = None,
    sent: OptionalText = None,
    after: After = None,
    before: After = None,
) -> Response:
    """One of the lists, by reason: what is to do, or what is settled."""
    to_do = await trouble_counts(visit)
    counts, done = to_do[kind], None
    if counts is not None:
        done = await unsettled.count_by_reason(visit.connection, visit.entities, kind, settled=True)
    listed = LISTS[kind]
    place = place_of(after, before, *listed.key.values())
    found = await listed.query(
        visit.connection,
        visit.entities,
        **{listed.reason: reason, listed.settled: settled},
        after=place.key,
        backwards=place.backwards,
        limit=ROWS + 1,
    )
    page = cut_page(found, place, ROWS)
    of_file = {listed.reason: reason, listed.settled: str(settled).lower()}
    live_token = await position_token(visit.connection)
    rejected_orders = await orders.count_to_reissue(visit.connection, visit.entities)
    explanations = await _explain(visit, page.rows) if kind == "unreadable" else ()
    accepted = await _find_corrections(visit, explanations)
    return await visit.page(
        "troubles.html",
        live_token=live_token,
        explanations=explanations,
        accepted=accepted,
        title=visit.locale.say(texts.TROUBLES["title"]),
        texts=texts.TROUBLES,
        kind=kind,
        verdict=listed.verdict,
        counts=to_do,
        rejected_orders=(TO_REISSUE, rejected_orders, to_reissue()),
        done=done,
        reasons=done if settled else counts,
        reason=reason,
        settled=settled,
        pending=pending,
        sent=sent,
        **_rights(visit),
        term_of=partial(term_of, kind),
        rows=page.rows,
        files=files(listed.path, of_file, visit.locale),
        page_links=links(
            ("troubles", kind),
            {"reason": reason, "settled": "true" if settled else None},
            page,
            place,
            listed.key_of,
        ),
    )


@router.post("/console/redrive/{chain}/{sequence}")
async def redrive(
    caller: Operator,
    components: Given,
    now: Now,
    chain: Name,
    sequence: Sequence64,
    reason: Annotated[FreeText, Form()],
) -> Response:
    """Publish a dead letter again; the list shows it as settled once the ledger has decided it."""
    why = reason.replace("\r\n", "\n")
    author = Author(CONSOLE, name_of_sender(caller), now, why, author_of(caller))
    await send_again(caller, components, chain, sequence, author)
    return RedirectResponse(address("troubles", "unreadable", sent=f"{chain}/{sequence}"), 303)


async def _find_corrections(
    visit: Visit, explanations: Sequence[Explanation]
) -> Mapping[tuple[str, str], tuple[str, int]]:
    """By source and id of an unreadable record, the record that accepted it, corrected."""
    names = {
        (each.event_source, each.event_id)
        for each in explanations
        if each.event_source is not None and each.event_id is not None
    }
    if not names:
        return {}
    # In the turn to read that this page has still, whose own connection is closed.
    async with visit.request.app.state.components.engine.connect() as connection:
        return await unsettled.find_accepted(connection, visit.entities, names)


async def _explain(visit: Visit, rows: Sequence[unsettled.DeadLetter]) -> Sequence[Explanation]:
    """Explanations of unreadable records, read from the input."""
    # The source may take its time: nobody waits for it with a connection of the database.
    await visit.connection.close()
    found: Sequence[Explanation] = await visit.request.app.state.explanations.explain(rows)
    return found


def _rights(visit: Visit) -> dict[str, Any]:
    """The acts that the caller may take on the lists' rows, by the names of the template."""
    caller = visit.caller
    return {
        "may_review": partial(_may_review, visit),
        "may_send": partial(caller.may, Scope.PUBLISH),
        # Nobody sends one of those by hand.
        "internal_events": INTERNAL_EVENTS,
        # A dead letter names no entity.
        "may_correct": caller.entities(Scope.PUBLISH).every,
        "may_redrive": caller.entities(Scope.OPERATE).every,
    }


def _may_review(visit: Visit, chain: str) -> bool:
    """True if the caller may mark a record of this chain as reviewed."""
    publishing = visit.caller.entities(Scope.PUBLISH)
    return publishing.every or publishing.include(entity_of(chain))


async def trouble_counts(visit: Visit) -> Counts:
    """Number of what is to do by list and reason; None where the caller may not see any."""
    conn, entities = visit.connection, visit.entities
    counts: dict[str, Sequence[unsettled.ByReason] | None] = {
        kind: await unsettled.count_by_reason(conn, entities, kind, settled=False) for kind in KINDS
    }
    return counts if entities is None else counts | {"unreadable": None}
