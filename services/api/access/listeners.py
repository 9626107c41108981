"""Open streams: each ends soon after the key or the session that opened it."""

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Final

from fastapi import Request

from services.api.access.caller import Access, Caller
from services.api.access.keys import KEY_CALLER, digest_of
from services.api.access.session import SESSION_COOKIE, cookie_of
from services.api.adapters.clock import Clock
from services.api.adapters.ttl_cache import TtlCache
from services.api.problems import Problem

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
