"""Port: what the API needs to know of its callers."""

from typing import Protocol

from events.texts import Translatable
from services.api.access.caller import ANYBODY, Caller


class NotKnown(Exception):
    """A credential that is not, or not any more, anybody's; why, for people: never what it was."""

    def __init__(self, reason: str, why: Translatable) -> None:
        super().__init__(reason)
        self.reason = reason
        """Stable, for logs and tests."""
        self.why = why


class Access(Protocol):
    """Knows callers by what they present."""

    @property
    def checks(self) -> bool:
        """True if anything is checked at all."""

    async def by_bearer(self, credential: str) -> Caller:
        """Whoever holds this key or token.

        Raises:
            NotKnown: nobody does, or not now.
        """

    async def by_session(self, cookie: str) -> tuple[Caller, str]:
        """Whoever logged in to the console with this session, and its CSRF token.

        Raises:
            NotKnown: the session is not one of ours, or has ended.
        """

    async def log_in(self, credential: str) -> tuple[Caller, str]:
        """A session of the console for whoever holds this key: the caller, and the cookie.

        Raises:
            NotKnown: it is no key in force.
        """


class Unchecked:
    """ECLUSE_AUTH=off: everybody may do everything, without a cookie or a token in forms."""

    checks = False

    async def by_bearer(self, _credential: str) -> Caller:
        return ANYBODY

    async def by_session(self, _cookie: str) -> tuple[Caller, str]:
        return ANYBODY, ""

    async def log_in(self, _credential: str) -> tuple[Caller, str]:
        return ANYBODY, ""
