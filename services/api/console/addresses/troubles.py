"""What did not go through, list by list; and any record of the journal with its bytes."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import RedirectResponse, Response

from services.api.access.audit import Action
from services.api.access.caller import Scope
from services.api.asking import Operator, Stands, check_sees
from services.api.console.addresses.visit import (
    ROWS,
    After,
    Asked,
    Name,
    Sequence64,
    Visit,
    Visitor,
    instant,
    number,
    place_after,
    plain,
)
from services.api.console.dump import Dump, dump
from services.api.console.views.parts import following
from services.api.console.views.record import record_view
from services.api.console.views.troubles import (
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
from services.api.console.words import troubles as words
from services.api.problems import NOT_FOUND, Problem
from services.api.queries import flags, records, unsettled

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
        title=visit.voice.say(words.WORDS["title"]),
        kind=kind,
        heading=visit.voice.say(words.WORDS[kind]),
        lead=visit.voice.say(words.WORDS[f"{kind}_lead"]),
        nothing=visit.voice.say(words.WORDS[f"no_{kind}"]),
        tabs=tabs(counts, kind, visit.voice),
        hidden=counts[kind] is None,
        reasons=reasons(kind, counts[kind] or (), reason, visit.voice),
        rows=found[:ROWS],
        turn=following(("troubles", kind), {"reason": reason}, more, started=after is None),
    )


async def trouble_counts(visit: Visit) -> Counts:
    """How many of each reason stand in each list; None where the caller may not see any."""
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
    conn, entities, voice, limit = visit.connection, visit.entities, visit.voice, ROWS + 1
    if kind == "unreadable":
        place = place_after(after, plain, number)
        dead_letters = await unsettled.unreadable(
            conn, entities, code=reason, after=place, limit=limit
        )
        key = [(each.chain, each.sequence) for each in dead_letters]
        return unreadable_rows(dead_letters, voice), _last(key)
    if kind == "flagged":
        place = place_after(after, plain, number, number)
        raised = await flags.flagged(conn, entities, code=reason, after=place, limit=limit)
        raised_keys = [(each.budget, each.sequence, each.item) for each in raised]
        return flagged_rows(raised, voice), _last(raised_keys)
    place = place_after(after, instant, plain, number)
    if kind == "refused":
        refused = await unsettled.refused(conn, entities, code=reason, after=place, limit=limit)
        keys = [(each.event_time.isoformat(), each.budget, each.sequence) for each in refused]
        return refused_rows(refused, voice), _last(keys)
    waiting = await unsettled.waiting_events(conn, entities, kind=reason, after=place, limit=limit)
    keys = [(each.event_time.isoformat(), each.budget, each.sequence) for each in waiting]
    return parked_rows(waiting, voice), _last(keys)


def _last(keys: Sequence[tuple[Any, ...]]) -> tuple[Any, ...] | None:
    return keys[ROWS - 1] if len(keys) >= ROWS else None


@router.get("/console/records/{budget}/{sequence}")
async def record(visit: Visitor, budget: Name, sequence: Sequence64) -> Response:
    """A record of the journal with its bytes."""
    return await _record_page(visit, await _record(visit, budget, sequence))


@router.post("/console/records/{budget}/{sequence}")
async def show_bytes(
    visit: Visitor, stands: Stands, caller: Operator, budget: Name, sequence: Sequence64
) -> Response:
    """The bytes of a dead letter as they were received, for an operator, on record."""
    check_sees(caller, budget, Scope.OPERATE)
    dead_letter = await unsettled.one_dead_letter(
        visit.connection, visit.entities, budget, sequence
    )
    if dead_letter is None:
        raise Problem(NOT_FOUND)
    place = (dead_letter.source_topic, dead_letter.source_partition, dead_letter.source_offset)
    await stands.audit.write(caller.name, Action.BYTES_SHOWN, "/".join(map(str, place)))
    told = await _record(visit, budget, sequence)
    # The source may take its time: nobody waits for it with a connection of the database.
    await visit.connection.close()
    raw = await stands.original_bytes(*place)
    return await _record_page(visit, told, asked=True, received=None if raw is None else dump(raw))


async def _record(visit: Visit, budget: str, sequence: int) -> dict[str, Any]:
    """All that a record's page tells, but the bytes that are asked for."""
    check_sees(visit.caller, budget)
    found = await records.one(visit.connection, visit.entities, budget, sequence)
    if found is None:
        raise Problem(NOT_FOUND)
    told, raw = found
    grant = await flags.grant_of_record(visit.connection, visit.entities, budget, sequence)
    after = await records.one(visit.connection, visit.entities, budget, sequence + 1)
    dead_letter = await unsettled.one_dead_letter(
        visit.connection, visit.entities, budget, sequence
    )
    view = record_view(told, raw, grant, dead_letter, visit.voice, has_next=after is not None)
    is_dead_letter = dead_letter is not None
    return {
        "title": f"{view.name} – {view.said}",
        "budget": budget,
        "record": view,
        "dead_letter": is_dead_letter,
        "may_show": is_dead_letter and visit.caller.may(Scope.OPERATE, budget),
    }


async def _record_page(
    visit: Visit, told: dict[str, Any], *, asked: bool = False, received: Dump | None = None
) -> Response:
    length = "" if received is None else visit.voice.counted(words.BYTES, received.length)
    return await visit.page(
        "record.html",
        live=False,
        **told,
        asked=asked,
        received=received,
        received_length=length,
    )
