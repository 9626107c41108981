"""The page of a record of the journal, with its bytes."""

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from services.api.access.audit import Action
from services.api.access.authorization import check_authorized
from services.api.access.caller import Scope
from services.api.console.page_context import (
    Name,
    Sequence64,
    Visit,
    Visitor,
)
from services.api.console.texts import troubles as texts
from services.api.http.dependencies import Given, Operator
from services.api.journal import records
from services.api.journal.dump import Dump, dump
from services.api.journal.view import record_view
from services.api.problems import NOT_FOUND, Problem
from services.api.rejections import flags
from services.api.rejections import query as unsettled

router = APIRouter()


@router.get("/console/records/{budget}/{sequence}")
async def record(visit: Visitor, budget: Name, sequence: Sequence64) -> Response:
    """A record of the journal with its bytes."""
    return await _record_page(visit, await _record(visit, budget, sequence))


@router.post("/console/records/{budget}/{sequence}")
async def show_bytes(
    visit: Visitor, components: Given, caller: Operator, budget: Name, sequence: Sequence64
) -> Response:
    """The bytes of a dead letter as they were received, for an operator, on record."""
    check_authorized(caller, budget, Scope.OPERATE)
    dead_letter = await unsettled.one_dead_letter(
        visit.connection, visit.entities, budget, sequence
    )
    if dead_letter is None:
        raise Problem(NOT_FOUND)
    place = (dead_letter.source_topic, dead_letter.source_partition, dead_letter.source_offset)
    await components.audit.write(caller.name, Action.BYTES_SHOWN, "/".join(map(str, place)))
    content = await _record(visit, budget, sequence)
    # The source may take its time: nobody waits for it with a connection of the database.
    await visit.connection.close()
    raw = await components.original_bytes(*place)
    return await _record_page(
        visit, content, asked=True, received=None if raw is None else dump(raw)
    )


async def _record(visit: Visit, budget: str, sequence: int) -> dict[str, Any]:
    """All that a record's page tells, but the bytes that are asked for."""
    visit.check_authorized(budget)
    found = await records.one(visit.connection, visit.entities, budget, sequence)
    if found is None:
        raise Problem(NOT_FOUND)
    content, raw = found
    grant = await flags.grant_of_record(visit.connection, visit.entities, budget, sequence)
    after = await records.one(visit.connection, visit.entities, budget, sequence + 1)
    dead_letter = await unsettled.one_dead_letter(
        visit.connection, visit.entities, budget, sequence
    )
    view = record_view(content, raw, grant, dead_letter, visit.locale, has_next=after is not None)
    is_dead_letter = dead_letter is not None
    return {
        "title": f"{view.name} – {view.text}",
        "budget": budget,
        "record": view,
        "dead_letter": is_dead_letter,
        "may_show": is_dead_letter and visit.caller.may(Scope.OPERATE, budget),
    }


async def _record_page(
    visit: Visit, content: dict[str, Any], *, asked: bool = False, received: Dump | None = None
) -> Response:
    length = "" if received is None else visit.locale.counted(texts.BYTES, received.length)
    return await visit.page(
        "record.html",
        live=False,
        **content,
        asked=asked,
        received=received,
        received_length=length,
    )
