"""The lists of refused and parked events, dead letters and review flags."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import RedirectResponse, Response

from services.api.console.elements import following
from services.api.console.page_context import (
    ROWS,
    After,
    Asked,
    Text,
    Visit,
    Visitor,
    place_after,
)
from services.api.console.texts import troubles as texts
from services.api.http.question import KeyTime, Offset
from services.api.rejections import flags
from services.api.rejections import query as unsettled
from services.api.rejections.view import (
    KINDS,
    Counts,
    TroubleRow,
    flagged_rows,
    parked_rows,
    reasons,
    refused_rows,
    tabs,
    unreadable_rows,
)

router = APIRouter()

Kind = Annotated[str, Path(pattern=f"^({'|'.join(KINDS)})$")]


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
    found, key = await _listed(visit, kind, reason, after)
    more = key if len(found) > ROWS else None
    return await visit.page(
        "troubles.html",
        title=visit.locale.say(texts.TEXTS["title"]),
        kind=kind,
        heading=visit.locale.say(texts.TEXTS[kind]),
        lead=visit.locale.say(texts.TEXTS[f"{kind}_lead"]),
        nothing=visit.locale.say(texts.TEXTS[f"no_{kind}"]),
        tabs=tabs(counts, kind, visit.locale),
        hidden=counts[kind] is None,
        reasons=reasons(kind, counts[kind] or (), reason, visit.locale),
        rows=found[:ROWS],
        page_links=following(("troubles", kind), {"reason": reason}, more, started=after is None),
    )


async def trouble_counts(visit: Visit) -> Counts:
    """Number of events of each reason in each list; None where the caller may not see any."""
    conn, entities = visit.connection, visit.entities
    unreadable = await unsettled.dead_letters_by_code(conn, entities)
    return {
        "refused": await unsettled.refusals_by_code(conn, entities),
        "parked": await unsettled.parked_by_kind(conn, entities),
        "unreadable": unreadable if entities is None else None,
        "flagged": await flags.by_code(conn, entities),
    }


async def _listed(
    visit: Visit, kind: str, reason: str | None, after: Sequence[str] | None
) -> tuple[list[TroubleRow], tuple[Any, ...] | None]:
    """The rows of a list, one more than a page holds; and the key of the page's last."""
    conn, entities, locale, limit = visit.connection, visit.entities, visit.locale, ROWS + 1
    if kind == "unreadable":
        place = place_after(after, Text, Offset)
        dead_letters = await unsettled.unreadable(
            conn, entities, code=reason, after=place, limit=limit
        )
        key = [(each.chain, each.sequence) for each in dead_letters]
        return unreadable_rows(dead_letters, locale), _last(key)
    if kind == "flagged":
        place = place_after(after, Text, Offset, Offset)
        raised = await flags.flagged(conn, entities, code=reason, after=place, limit=limit)
        raised_keys = [(each.budget, each.sequence, each.item) for each in raised]
        return flagged_rows(raised, locale), _last(raised_keys)
    place = place_after(after, KeyTime, Text, Offset)
    if kind == "refused":
        refused = await unsettled.refused(conn, entities, code=reason, after=place, limit=limit)
        keys = [(each.event_time.isoformat(), each.budget, each.sequence) for each in refused]
        return refused_rows(refused, locale), _last(keys)
    waiting = await unsettled.waiting_events(conn, entities, kind=reason, after=place, limit=limit)
    keys = [(each.event_time.isoformat(), each.budget, each.sequence) for each in waiting]
    return parked_rows(waiting, locale), _last(keys)


def _last(keys: Sequence[tuple[Any, ...]]) -> tuple[Any, ...] | None:
    return keys[ROWS - 1] if len(keys) >= ROWS else None
