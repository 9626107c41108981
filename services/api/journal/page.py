"""The page of a record of the journal, with its bytes."""

from typing import Any
from urllib.parse import quote

from fastapi import APIRouter
from starlette.responses import Response

from events.envelope import INTERNAL_EVENTS
from events.texts import _
from services.api.access.authorization import check_authorized
from services.api.access.caller import Action, Scope
from services.api.console import texts
from services.api.console.elements import (
    Verbatim,
    breadcrumbs,
    breadcrumbs_of_unreadable,
    type_name,
)
from services.api.console.page_context import Name, Sequence64, Visit, Visitor
from services.api.http.dependencies import Given, Operator
from services.api.journal import records
from services.api.journal.dump import Dump, dump, event_text
from services.api.problems import NOT_FOUND, Problem
from services.api.queries import rejections as unsettled
from services.api.queries.explanation import NOTHING_KNOWN
from services.api.queries.rows import mask_text
from services.due.deadline_events import WATCH
from services.ledger.explain.sentences import ENTRY_KINDS

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
    place = dead_letter.source
    await components.audit.write(caller.name, Action.BYTES_SHOWN, "/".join(map(str, place)))
    content = await _record(visit, budget, sequence)
    # The source may take its time: nobody waits for it with a connection of the database.
    await visit.connection.close()
    raw = await components.original_bytes(*place)
    return await _record_page(
        visit, content, is_requested=True, received=None if raw is None else dump(raw)
    )


async def _record(visit: Visit, budget: str, sequence: int) -> dict[str, Any]:
    """All that a record's page tells, but the bytes that are asked for."""
    visit.check_authorized(budget)
    conn, entities, locale = visit.connection, visit.entities, visit.locale
    found = await records.one(conn, entities, budget, sequence)
    if found is None:
        raise Problem(NOT_FOUND)
    content, raw = found
    dead_letter = await unsettled.one_dead_letter(conn, entities, budget, sequence)
    grant = await unsettled.grant_of_record(conn, entities, budget, sequence)
    waits = bool(
        content.waits_for
        and await unsettled.list_waiting(conn, entities, budget=budget, sequence=sequence)
    )
    trail = breadcrumbs_of_unreadable(locale) if dead_letter else breadcrumbs(budget, grant, locale)
    name = locale.say(_("Record {number}"), number=locale.number(sequence))
    return {
        "title": f"{name} – {type_name(content.event_type, locale)}",
        "name": name,
        "record": content,
        # What a sender called it, and itself, may be anything.
        "event_id": mask_text(content.event_id),
        "event_source": mask_text(content.event_source),
        "advises": content.event_source != WATCH,
        "grant": grant,
        "dead_letter": dead_letter,
        # Hashes are no names: in none of them an account is looked for.
        "hash": Verbatim(content.hash),
        "received_hash": None if dead_letter is None else Verbatim(dead_letter.event_sha256),
        "api_href": Verbatim(f"/budgets/{quote(budget, safe='')}/journal/{sequence}"),
        **trail._asdict(),
        "event": event_text(raw),
        "bytes": dump(raw),
        "has_next": await records.one(conn, entities, budget, sequence + 1) is not None,
        "waits": waits,
        "may_undo": (waits or content.refusal is not None)
        and content.event_type not in INTERNAL_EVENTS
        and visit.caller.may(Scope.PUBLISH, budget),
        "may_show": dead_letter is not None and visit.caller.may(Scope.OPERATE, budget),
    }


async def _record_page(
    visit: Visit,
    content: dict[str, Any],
    *,
    is_requested: bool = False,
    received: Dump | None = None,
) -> Response:
    explanation, dead_letter = NOTHING_KNOWN, content["dead_letter"]
    if dead_letter is not None:
        # The source may take its time: nobody waits for it with a connection of the database.
        await visit.connection.close()
        (explanation,) = await visit.request.app.state.explanations.explain([dead_letter])
        name = explanation.event_id or "/".join(map(str, dead_letter.source))
        content["title"] = f"{name} – {type_name(None, visit.locale)}"
    return await visit.page(
        "record.html",
        live=False,
        **content,
        explanation=explanation,
        texts=texts,
        entry_kinds=ENTRY_KINDS,
        asked=is_requested,
        received=received,
    )
