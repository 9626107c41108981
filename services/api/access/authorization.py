"""Authorization: may this caller do that, on which entities, and for how long on an open stream.

The gate has asked who it is (`authentication`). Rows of a query are bounded to the entities of a
caller by `queries.rows.visible`.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Final

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyCookie, HTTPBearer

from services.api.access.caller import Access, Caller, Scope
from services.api.access.keys import KEY_CALLER, digest_of
from services.api.access.session import HOST_ONLY, SESSION_COOKIE, cookie_of
from services.api.adapters.clock_and_chance import Clock, TtlCache
from services.api.problems import ALL_ENTITIES, NOT_FOUND, SCOPE_MISSING, Problem

_bearer = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    description="A key of `ecluse api-keys create`, or a token of the identity provider.",
)
_session = APIKeyCookie(
    name=HOST_ONLY + SESSION_COOKIE,
    auto_error=False,
    scheme_name="session",
    description="The console's.",
)


def requires_scope(scope: Scope) -> Callable[..., Awaitable[Caller]]:
    """A dependency that gives the caller, if they have this right for any entity."""

    async def caller(
        request: Request,
        _by_bearer: Annotated[object, Security(_bearer, scopes=[scope.value])],
        _by_session: Annotated[object, Security(_session, scopes=[scope.value])],
    ) -> Caller:
        # Without a caller nothing comes as far as here.
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


async def reader_of_all(reader: Annotated[Caller, Depends(requires_scope(Scope.READ))]) -> Caller:
    """The caller, if they may read all entities: the answer is of all together.

    Raises:
        Problem: they may read some only.
    """
    if not reader.entities(Scope.READ).every:
        raise Problem(ALL_ENTITIES)
    return reader


def check_authorized(caller: Caller, budget: str, scope: Scope = Scope.READ) -> None:
    """Check that the caller has this right on the entity of that budget.

    Raises:
        Problem: 404, as for a budget that does not exist: that it does is nobody else's business.
    """
    if not caller.may(scope, budget):
        raise Problem(NOT_FOUND)


ASK_EVERY_S: Final = 3.0
"""Time between two questions for the credentials of all that listen."""

IsInForce = Callable[[], Awaitable[bool]]
"""True while what opened a stream still gives access."""


class Listeners:
    """All who listen to a stream of this process: one question asks for them together."""

    def __init__(self, access: Access, clock: Clock) -> None:
        self._access = access
        self._listening: Counter[str] = Counter()
        self._ended = TtlCache(self._ask, clock, lambda _: ASK_EVERY_S)

    @contextmanager
    def listen(self, request: Request) -> Iterator[IsInForce]:
        """Ask for the credential of this request too, until the end of the block."""
        credential = _credential_of(request)
        if credential is not None:
            self._listening[credential] += 1

        async def is_in_force() -> bool:
            return credential not in await self._ended()

        try:
            yield is_in_force
        finally:
            if credential is not None:
                self._listening[credential] -= 1
                self._listening += Counter()  # Without those of whom none is left.

    async def _ask(self) -> frozenset[str]:
        """Ask which credentials of listeners give access no more."""
        asked = frozenset(self._listening)
        try:
            return await self._access.find_ended(asked) if asked else asked
        except Problem:
            return frozenset()  # The database is away: nobody can revoke one now.


def _credential_of(request: Request) -> str | None:
    """The digest of the session, else the id of the key; a provider's token has neither."""
    if hasattr(request.state, "csrf"):
        return digest_of(cookie_of(request, SESSION_COOKIE) or "")
    caller: Caller = request.state.caller
    _unused, of_key, key_id = caller.name.partition(KEY_CALLER)
    return key_id if of_key else None
