"""Dependencies of routes, by the type of a parameter: caller, components, language and so on.

async def lag(caller: ReaderOfAll, components: Given) -> …:

FastAPI takes some 25 µs for each, each time: what nearly all need is one, `question.Question`.
"""

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from typing import Annotated, Final

import structlog
from fastapi import Depends, Request
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.access.authorization import reader_of_all, requires_scope
from services.api.access.caller import Caller, Scope
from services.api.access.listeners import IsInForce, Listeners
from services.api.adapters.ports import JournalEnd
from services.api.adapters.read_model import begin_reading
from services.api.http.components import Components, Slots
from services.api.language import language_of
from services.api.problems import DATABASE_UNREACHABLE, Problem
from services.lag.client.merge import Lag
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
        with slots_of(components).taken(caller.name), listeners.listen(request) as is_in_force:
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
        await stack.enter_async_context(components.read_slots.of(caller.name))
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
