"""POST /events: read as the ledger's input reads them, published whole or not at all."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from tempfile import SpooledTemporaryFile
from typing import Any, BinaryIO, Final, cast

import structlog
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from events.texts import _
from services.api.events_in.publishing import publish
from services.api.events_in.reading import EVENTS_MAX, PATH, PublishedEvent, Sent
from services.api.http.dependencies import Given, Lang, Sender
from services.api.problems import Kind, Problem, problems

STREAM_BYTES_MAX: Final = 64 * 1024 * 1024
"""Size limit of one request."""

IN_MEMORY_BYTES: Final = 1024 * 1024
"""A body up to here stays in memory; a larger one waits in a temporary file, and takes a slot."""

STREAM_LIMIT_S: Final = 180.0
LIMITS_S: Final = {PATH: STREAM_LIMIT_S}
BODIES_BYTES_MAX: Final = {PATH: STREAM_BYTES_MAX}

ONE: Final = frozenset({"application/cloudevents+json", "application/json"})
LINES: Final = frozenset({"application/x-ndjson", "application/ndjson", "application/jsonl"})

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


_AN_EVENT: Final[dict[str, Any]] = {
    "type": "object",
    "description": "A CloudEvent of the contract: its type has a JSON Schema in schemas/.",
    "required": ["specversion", "id", "source", "type", "time", "partitionkey", "data"],
    "properties": {
        "specversion": {"const": "1.0"},
        "id": {"type": "string"},
        "source": {"type": "string"},
        "type": {"type": "string"},
        "time": {"type": "string", "format": "date-time"},
        "partitionkey": {"type": "string"},
        "data": {"type": "object"},
    },
}
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/cloudevents+json": {"schema": _AN_EVENT},
            "application/json": {"schema": _AN_EVENT},
            "application/x-ndjson": {"schema": {"type": "string"}},
        },
    }
}


@router.post(
    PATH,
    status_code=202,
    summary="Publish events",
    description=DESCRIPTION,
    response_description="They are kept; the ledger will decide them.",
    responses=problems(413, 415, 429, 507),
    openapi_extra=_BODY,
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
        await publish(sent, caller, components, language)
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
