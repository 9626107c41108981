"""POST /events: read as the ledger's input reads them, published whole or not at all."""

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from events.texts import _
from services.api.contract.openapi import events_body
from services.api.events_in.answers import (
    Decided,
    DryRun,
    Published,
    answer,
    dry_run_of,
    join_decisions,
)
from services.api.events_in.decisions import WAIT_MAX_S
from services.api.events_in.publishing import (
    NOT_KEPT,
    NOT_READ,
    NOT_YOUR_TYPE,
    NOT_YOURS,
    NOTHING_SENT,
    TOO_MANY,
    publish,
    publish_and_wait,
    read_all,
    try_events,
)
from services.api.events_in.reading import EVENTS_MAX, PATH, SentEvents
from services.api.events_in.trials import TRIAL_TOO_LONG
from services.api.http.components import TOO_MANY_AT_ONCE
from services.api.http.dependencies import DISK_FULL, Given, Lang, Sender, body_of
from services.api.problems import Kind, Problem, problems

STREAM_BYTES_MAX: Final = 64 * 1024 * 1024
"""Size limit of one request."""

STREAM_LIMIT_S: Final = 180.0
LIMITS_S: Final = {PATH: STREAM_LIMIT_S}
BODIES_BYTES_MAX: Final = {PATH: STREAM_BYTES_MAX}

DECIDED_MAX: Final = 100
"""Events of one request that are waited for, or tried."""

ONE: Final = frozenset({"application/cloudevents+json", "application/json"})
LINES: Final = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl"})

WRONG_KIND: Final = Kind(
    "content_type_unknown",
    415,
    _("Content type not known"),
    _("The content type is neither that of one event nor that of a stream."),
    _("Say application/cloudevents+json for one event, application/x-ndjson for one a line."),
)
TOO_MANY_DECIDED: Final = Kind(
    "too_many_events",
    413,
    _("Too many events"),
    _("`wait` and `dry_run` answer for {events_max} events at most: nothing was published."),
    _("Send fewer, or without `wait`, and look at `outcome` of each."),
)
WAIT_OR_TRY: Final = Kind(
    "wait_and_dry_run",
    422,
    _("Contradictory request"),
    _("`wait` is for events that are published, and `dry_run` publishes none."),
    _("Ask for one of the two."),
)

DESCRIPTION: Final = f"""\
One JSON CloudEvent (`application/cloudevents+json`), or one a line (`application/x-ndjson`), up to
{EVENTS_MAX} events and 64 MiB. Every event is read as the ledger's own input reads it. If one is
wrong nothing is published, and `faults` says which, where and why: a part would break the order in
which a budget's events belong.

202 says that they are kept, not that they are accepted: look at `outcome` for that. Sending an
event again is harmless: the ledger knows it by budget, source and id, and answers `duplicate`
(once its year is closed, `fiscal_year_closed`); with other content, `event_id_reused`.

With `wait` the answer has the `decision` on each event: 200 where all are known within so many
seconds; else 202, with null where one is not known yet. With `dry_run=true` nothing is published,
and the answer is what the ledger would decide now, as far as the read model is. Both take up to
{DECIDED_MAX} events, and the right to read their entities.
"""

router = APIRouter(tags=["events"])


Wait = Annotated[
    int,
    Query(ge=0, le=WAIT_MAX_S, description="Seconds to wait for the decisions."),
]
Dry = Annotated[bool, Query(description="True: publish nothing, and say what would be decided.")]


@router.post(
    PATH,
    status_code=202,
    summary="Publish events",
    description=DESCRIPTION,
    response_model=Published | Decided,
    response_description="They are kept; the ledger will decide them.",
    responses={
        200: {"description": "They are decided, or were tried.", "model": Decided | DryRun},
        **problems(
            NOT_YOURS,
            NOT_YOUR_TYPE,
            TOO_MANY,
            TRIAL_TOO_LONG,
            WRONG_KIND,
            NOT_READ,
            NOTHING_SENT,
            WAIT_OR_TRY,
            TOO_MANY_AT_ONCE,
            NOT_KEPT,
            DISK_FULL,
        ),
    },
    openapi_extra={"requestBody": events_body()},
)
async def publish_events(
    request: Request,
    caller: Sender,
    components: Given,
    language: Lang,
    wait: Wait = 0,
    dry_run: Dry = False,
) -> Response:
    """Read the body to its end, then its events, then publish or try them."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type not in ONE | LINES:
        raise Problem(WRONG_KIND)
    if wait and dry_run:
        raise Problem(WAIT_OR_TRY)
    async with body_of(request, caller, components) as body:
        sent = SentEvents(body, one=content_type in ONE)
        await read_all(sent, caller, language)
        if (wait or dry_run) and len(sent.events) > DECIDED_MAX:
            raise Problem(TOO_MANY_DECIDED, {"events_max": DECIDED_MAX})
        if dry_run:
            return answer(dry_run_of(sent, await try_events(sent, caller, components)), 200)
        if wait:
            decisions = await publish_and_wait(sent, caller, components, wait)
            return answer(join_decisions(sent, decisions), 202 if None in decisions else 200)
        await publish(sent, components)
    return answer(Published(published=len(sent.events), events=sent.events), 202)
