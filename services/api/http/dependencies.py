"""Dependencies of routes, by the type of a parameter: caller, connection, language and so on.

async def lines(budget: str, caller: Reader, connection: Connection) -> …:
    check_sees(caller, budget)
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from typing import Annotated, Final

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.api.access.caller import Caller, Scope
from services.api.access.session import SESSION_COOKIE
from services.api.adapters.ports import JournalEnd
from services.api.adapters.read_model import begin_reading
from services.api.http.components import Components
from services.api.language import language_of
from services.api.problems import (
    ALL_ENTITIES,
    DATABASE_UNREACHABLE,
    NOT_FOUND,
    SCOPE_MISSING,
    Problem,
)
from services.lag.client.merge import Lag
from services.texts.language import Language

RETRY_AFTER_S: Final = 5

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    description="A key of `ecluse api-keys create`, or a token of the identity provider.",
)
_session = APIKeyCookie(
    name=SESSION_COOKIE, auto_error=False, scheme_name="session", description="The console's."
)


# Even what waits for nothing is `async` here: FastAPI would run it in a thread, for each request.


async def parts(request: Request) -> Components:
    """The components of the API."""
    found: Components = request.app.state.components
    return found


def unreachable() -> Problem:
    """The database does not answer."""
    return Problem(DATABASE_UNREACHABLE, headers={"Retry-After": str(RETRY_AFTER_S)})


def needs(scope: Scope) -> Callable[..., Awaitable[Caller]]:
    """A dependency that gives the caller, if they have this right for any entity."""

    async def caller(
        request: Request,
        _by_bearer: Annotated[object, Security(_bearer)],
        _by_session: Annotated[object, Security(_session)],
    ) -> Caller:
        # The gate has asked who it is; without one nothing comes as far as here.
        found: Caller = request.state.caller
        if not found.entities(scope):
            headers = _challenge(request, scope)
            raise Problem(SCOPE_MISSING, {"scope": scope.value}, headers=headers)
        return found

    return caller


def _challenge(request: Request, scope: Scope) -> dict[str, str]:
    """Header for a program whose token lacks the right (RFC 6750, 3.1)."""
    if "authorization" not in request.headers:
        return {}
    return {"WWW-Authenticate": f'Bearer error="insufficient_scope", scope="{scope.value}"'}


async def connection(
    caller: Annotated[Caller, Depends(needs(Scope.READ))],
    components: Annotated[Components, Depends(parts)],
) -> AsyncGenerator[AsyncConnection]:
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
            raise unreachable() from error
        yield opened


async def reader_of_all(reader: Annotated[Caller, Depends(needs(Scope.READ))]) -> Caller:
    """The caller, if they may read all entities: the answer is of all together.

    Raises:
        Problem: they may read some only.
    """
    if not reader.entities(Scope.READ).every:
        raise Problem(ALL_ENTITIES)
    return reader


def check_sees(caller: Caller, budget: str, scope: Scope = Scope.READ) -> None:
    """That the caller has this right on that budget.

    Raises:
        Problem: 404, as for a budget that does not exist: that it does is nobody else's business.
    """
    if not caller.may(scope, budget):
        raise Problem(NOT_FOUND)


async def now(components: Annotated[Components, Depends(parts)]) -> datetime:
    """The time of the clock."""
    return components.clock()


async def journal_ends(
    _caller: Annotated[Caller, Depends(needs(Scope.READ))],
    components: Annotated[Components, Depends(parts)],
) -> Mapping[int, JournalEnd] | None:
    """Ends of the journal. Name it before anything that takes a connection: it may take long."""
    return await components.journal_ends()


async def lag(
    _caller: Annotated[Caller, Depends(needs(Scope.READ))],
    components: Annotated[Components, Depends(parts)],
) -> Lag:
    """The lag. Name it before anything that takes a connection: it may take long."""
    return await components.lag()


async def trace_slot(
    _caller: Annotated[Caller, Depends(needs(Scope.READ))],
    components: Annotated[Components, Depends(parts)],
) -> AsyncGenerator[None]:
    """A slot to make a trace. Name it before anything that takes a connection: it may take long."""
    async with components.trace_slots:
        yield


async def language(request: Request) -> Language:
    """The language to answer in."""
    return language_of(request)


Given = Annotated[Components, Depends(parts)]
Connection = Annotated[AsyncConnection, Depends(connection, scope="function")]
"""It ends before the answer is sent: whoever reads slowly, or nothing, keeps nobody waiting."""
Reader = Annotated[Caller, Depends(needs(Scope.READ))]
ReaderOfAll = Annotated[Caller, Depends(reader_of_all)]
Sender = Annotated[Caller, Depends(needs(Scope.PUBLISH))]
Operator = Annotated[Caller, Depends(needs(Scope.OPERATE))]
Lang = Annotated[Language, Depends(language)]
Watched = Annotated[Lag, Depends(lag)]
Ends = Annotated[Mapping[int, JournalEnd] | None, Depends(journal_ends)]
TraceSlot = Annotated[None, Depends(trace_slot, scope="function")]
"""It ends before the answer is sent, as a connection does."""
Now = Annotated[datetime, Depends(now)]
