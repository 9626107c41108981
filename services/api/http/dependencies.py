"""Dependencies of routes, by the type of a parameter: caller, components, language and so on.

async def lag(caller: ReaderOfAll, components: Given) -> …:

FastAPI takes some 25 µs for each, each time: what nearly all need is one, `question.Question`.
"""

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager, suppress
from datetime import datetime
from tempfile import SpooledTemporaryFile
from typing import Annotated, BinaryIO, Final, cast

import structlog
from fastapi import Depends, Request
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from events.texts import _
from services.api.access.authorization import IsInForce, Listeners, reader_of_all, requires_scope
from services.api.access.caller import Caller, Scope
from services.api.adapters.ports import JournalEnd
from services.api.adapters.read_model import begin_reading
from services.api.http.components import Components, Slots
from services.api.problems import DATABASE_UNREACHABLE, Kind, Problem
from services.api.requests import language_of
from services.lag.document import Lag
from services.projector.database_errors import message_of
from services.texts.language import Language

RETRY_AFTER_S: Final = 5

log: Final = structlog.stdlib.get_logger("ecluse.api")

Reader = Annotated[Caller, Depends(requires_scope(Scope.READ))]
ReaderOfAll = Annotated[Caller, Depends(reader_of_all)]
Sender = Annotated[Caller, Depends(requires_scope(Scope.PUBLISH))]
Operator = Annotated[Caller, Depends(requires_scope(Scope.OPERATE))]

# Even what waits for nothing is `async` here: FastAPI would run it in a thread, for each request.


async def parts(request: Request) -> Components:
    """The components of the API."""
    found: Components = request.app.state.components
    return found


Given = Annotated[Components, Depends(parts)]


def stream_slot(
    slots_of: Callable[[Components], Slots],
) -> Callable[..., AsyncGenerator[IsInForce]]:
    """The dependency that takes a slot for a stream until its answer has ended.

    Its value tells whether the key or session that opened the stream still gives access.
    """

    async def slot(
        request: Request, caller: Reader, components: Given
    ) -> AsyncGenerator[IsInForce]:
        listeners: Listeners = request.app.state.listeners
        with slots_of(components).take(caller.name), listeners.listen(request) as is_in_force:
            yield is_in_force

    return slot


def unreachable(error: BaseException) -> Problem:
    """The database does not answer; why, is for the operator."""
    log.warning("database_unreachable", error=message_of(error))
    return Problem(DATABASE_UNREACHABLE, headers={"Retry-After": str(RETRY_AFTER_S)})


@asynccontextmanager
async def reading(caller: Caller, components: Components) -> AsyncGenerator[AsyncConnection]:
    """The read model as it stands at one moment, to be read only: every question sees the same.

    Raises:
        Problem: the database does not answer.
    """
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(components.read_slots.semaphore_of(caller.name))
        try:
            opened = await stack.enter_async_context(components.engine.connect())
            await begin_reading(opened)
        except (SQLAlchemyError, OSError, TimeoutError) as error:
            raise unreachable(error) from error
        yield opened


async def now(components: Given) -> datetime:
    """The time of the clock."""
    return components.clock()


# Name these before anything that takes a connection: they may take long.


async def journal_ends(_caller: Reader, components: Given) -> Mapping[int, JournalEnd] | None:
    """Ends of the journal."""
    return await components.journal_ends()


async def lag(_caller: Reader, components: Given) -> Lag:
    """The lag."""
    return await components.lag()


async def trace_slot(_caller: Reader, components: Given) -> AsyncGenerator[None]:
    """A slot to make a trace."""
    async with components.trace_slots:
        yield


async def language(request: Request) -> Language:
    """The language to answer in."""
    return language_of(request)


Lang = Annotated[Language, Depends(language)]
Watched = Annotated[Lag, Depends(lag)]
Ends = Annotated[Mapping[int, JournalEnd] | None, Depends(journal_ends)]
TraceSlot = Annotated[None, Depends(trace_slot, scope="function")]
"""It ends before the answer is sent: whoever reads slowly, or nothing, keeps nobody waiting."""
Now = Annotated[datetime, Depends(now)]


IN_MEMORY_BYTES: Final = 1024 * 1024
"""A body up to here stays in memory; a larger one waits in a temporary file, and takes a slot."""

DISK_FULL: Final = Kind(
    "disk_full",
    507,
    _("No room for the request"),
    _("The server has no room left to take in a request of this size: nothing was published."),
    _("Send it again later or split it; if it lasts, tell the operator (the API's /tmp is full)."),
)


@asynccontextmanager
async def body_of(
    request: Request, caller: Caller, components: Components
) -> AsyncGenerator[BinaryIO]:
    """The body, read to its end, until the end of the block; it stands at its end.

    Raises:
        Problem: 507, there is no room; 429, too many large ones are being read.
    """
    with _open_file() as body, ExitStack() as slot:
        async for chunk in request.stream():
            if body.tell() <= IN_MEMORY_BYTES < body.tell() + len(chunk):
                slot.enter_context(components.upload_slots.take(caller.name))
            _write_body(body, chunk)
        _write_body(body)
        yield body


@contextmanager
def _open_file() -> Iterator[BinaryIO]:
    """A file in memory, on the disk from a size on; what it could not keep is said by `_write`."""
    file = SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 # closed below
    try:
        yield cast(BinaryIO, file)
    finally:
        with suppress(OSError):
            file.close()


def _write_body(body: BinaryIO, chunk: bytes | None = None) -> None:
    """Write a chunk of an upload to its file; without one, what waits in buffers.

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
