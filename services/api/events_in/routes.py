"""POST /events: read as the ledger's input reads them, published whole or not at all."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from operator import attrgetter
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, Final, cast

import structlog
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from events.texts import _
from services.api.contract.openapi import events_body
from services.api.events_in.reading import (
    EVENTS_MAX,
    PATH,
    Fault,
    PublishedEvent,
    Sent,
    TooManyEvents,
)
from services.api.http.dependencies import Given, Lang, Sender
from services.api.problems import Kind, Problem, problems
from services.runtime.ops.errors import Stop
from services.texts.language import Language
from services.texts.translation import translate

FAULTS_MAX: Final = 100
"""Faults that the answer names."""

STREAM_BYTES_MAX: Final = 64 * 1024 * 1024
"""Size limit of one request."""

IN_MEMORY_BYTES: Final = 1024 * 1024
"""A body up to here stays in memory; a larger one waits in a temporary file, and takes a slot."""

STREAM_LIMIT_S: Final = 180.0
LIMITS_S: Final = {PATH: STREAM_LIMIT_S}
BODIES_BYTES_MAX: Final = {PATH: STREAM_BYTES_MAX}
RETRY_AFTER_S: Final = 10

ONE: Final = frozenset({"application/cloudevents+json", "application/json"})
LINES: Final = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl"})

NOT_READ: Final = Kind(
    "unreadable_events",
    422,
    _("Unreadable events"),
    _("The request holds events that are not of the contract ({count}): nothing was published."),
    _("Correct what `faults` names, line by line, then send all of it again."),
)
NOT_YOURS: Final = Kind(
    "entity_not_allowed",
    403,
    _("Entity outside this access"),
    _(
        "The request holds events of entities for which this access does not publish ({count}): "
        "nothing was published."
    ),
    _("Leave them out, or ask for a key for these entities."),
)
NOTHING_SENT: Final = Kind(
    "no_event",
    422,
    _("No event"),
    _("The request holds no event."),
    _("Send one JSON event, or one a line."),
)
TOO_MANY: Final = Kind(
    "too_many_events",
    413,
    _("Too many events"),
    _("The request holds more than {events_max} events: nothing was published."),
    _("Split it; the events of one budget in their order."),
)
WRONG_KIND: Final = Kind(
    "content_type_unknown",
    415,
    _("Content type not known"),
    _("The content type is neither that of one event nor that of a stream."),
    _("Say application/cloudevents+json for one event, application/x-ndjson for one a line."),
)
DISK_FULL: Final = Kind(
    "disk_full",
    507,
    _("No room for the request"),
    _("The server has no room left to take in a request of this size: nothing was published."),
    _("Send it again later or split it; if it lasts, tell the operator (the API's /tmp is full)."),
)
NOT_KEPT: Final = Kind(
    "not_published",
    503,
    _("Could not be published"),
    _("{said}. Some of it may have been published."),
    _("Send all of it again later: the ledger knows repeats."),
)

DESCRIPTION: Final = f"""\
One JSON CloudEvent (`application/cloudevents+json`), or one a line (`application/x-ndjson`), up to
{EVENTS_MAX} events and 64 MiB. Every event is read as the ledger's own input reads it. If one is
wrong nothing is published, and `faults` says which, where and why: a part would break the order in
which a budget's events belong.

202 says that they are kept, not that they are accepted: look at `outcome` for that. Sending an
event again is harmless: the ledger knows it by budget, source and id, and answers `duplicate`;
with other content, `event_id_reused`.
"""

router = APIRouter(tags=["events"])
log: Final = structlog.stdlib.get_logger("ecluse.api")


class Published(BaseModel):
    """The published events."""

    published: int
    events: list[PublishedEvent]


@router.post(
    PATH,
    status_code=202,
    summary="Publish events",
    description=DESCRIPTION,
    response_description="They are kept; the ledger will decide them.",
    responses=problems(413, 415, 429, 507),
    openapi_extra={"requestBody": events_body()},
)
async def publish_events(
    request: Request, response: Response, caller: Sender, components: Given, language: Lang
) -> Published:
    """Read the body to its end, then its events, then publish them."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type not in ONE | LINES:
        raise Problem(WRONG_KIND)
    with _a_file() as body, ExitStack() as slot:
        async for chunk in request.stream():
            if body.tell() <= IN_MEMORY_BYTES < body.tell() + len(chunk):
                slot.enter_context(components.upload_slots.taken(caller.name))
            _write(body, chunk)
        _write(body)
        sent = Sent(body, one=content_type in ONE)
        try:
            # Ten thousand events take a while: others have their turn meanwhile.
            await asyncio.to_thread(sent.read, caller)
        except TooManyEvents as error:
            raise Problem(TOO_MANY, {"events_max": EVENTS_MAX}) from error
        _check(sent, language)
        try:
            await components.publisher.publish(sent.messages())
        except Stop as error:
            headers = {"Retry-After": str(RETRY_AFTER_S)}
            raise Problem(NOT_KEPT, {"said": error.text}, headers=headers) from error
    if len(sent.events) == 1:
        response.headers["Location"] = sent.events[0].outcome
    return Published(published=len(sent.events), events=sent.events)


@contextmanager
def _a_file() -> Iterator[BinaryIO]:
    """A file in memory, on the disk from a size on; what it could not keep is said by `_write`."""
    file = SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 # closed below
    try:
        yield cast(BinaryIO, file)
    finally:
        with suppress(OSError):
            file.close()


def _write(body: BinaryIO, chunk: bytes | None = None) -> None:
    """Write this, or what waits in buffers.

    Raises:
        Problem: 507, there is no room.
    """
    try:
        if chunk is None:
            body.flush()
        else:
            body.write(chunk)
    except OSError as error:
        log.warning("upload_not_kept", error=error.strerror or str(error))
        raise Problem(DISK_FULL) from error


def _check(sent: Sent, language: Language) -> None:
    """That there is something to publish, and nothing wrong with it.

    Raises:
        Problem: there is nothing, or something wrong.
    """
    if sent.unreadable:
        # What its sender may not send is named too: both are corrected at once.
        raise _faulty(NOT_READ, sent.unreadable + sent.not_allowed, len(sent.unreadable), language)
    if sent.not_allowed:
        raise _faulty(NOT_YOURS, sent.not_allowed, len(sent.not_allowed), language)
    if not sent.events:
        raise Problem(NOTHING_SENT)


def _faulty(kind: Kind, faults: list[Fault], count: int, language: Language) -> Problem:
    in_order = sorted(faults, key=attrgetter("line"))
    rows = [
        {
            "line": fault.line,
            "code": fault.code,
            "pointer": fault.pointer,
            "detail": translate(fault.text, language),
        }
        for fault in in_order[:FAULTS_MAX]
    ]
    return Problem(kind, {"count": count}, faults=rows, faults_count=len(faults))
