"""Authentication by a key, a token, or the console's session."""

from typing import Final

from events.texts import _
from services.api.access.audit import Action
from services.api.access.caller import ANYBODY, Caller, NotKnown
from services.api.access.keys import ApiKey, has_key_format, parse_key
from services.api.access.oidc.issuer import Issuer
from services.api.access.session_store import ENDED, Sessions, caller_of, csrf_of
from services.api.access.store import AccessStore
from services.api.adapters.clock import Clock

UNKNOWN_KEY: Final = ("key_unknown", _("This key is not known."))
REVOKED_KEY: Final = ("key_revoked", _("This key has been revoked."))
EXPIRED_KEY: Final = ("key_expired", _("This key has expired: ask the operator for another."))
NO_ISSUER: Final = ("no_issuer", _("This is no key of Écluse, and no identity provider is set."))


class KnownCallers:
    """Access by keys of the store, tokens of the provider, and sessions."""

    checks: Final = True

    def __init__(
        self, store: AccessStore, sessions: Sessions, issuer: Issuer | None, clock: Clock
    ) -> None:
        self._store = store
        self._sessions = sessions
        self._issuer = issuer
        self._clock = clock

    async def by_bearer(self, credential: str) -> Caller:
        if not has_key_format(credential):
            if self._issuer is None:
                raise NotKnown(*NO_ISSUER)
            return await self._issuer.caller_of(credential)
        return (await self._key(credential)).caller

    async def by_session(self, cookie: str, *, by_person: bool = True) -> tuple[Caller, str]:
        session = await self._sessions.find(cookie, by_person=by_person)
        if session.key_id is None:
            return caller_of(session), csrf_of(cookie)
        key = await self._store.find(session.key_id)
        if key is None or not key.is_in_force(self._clock()):
            raise NotKnown(*ENDED)
        return key.caller, csrf_of(cookie)

    async def find_ended(self, credentials: frozenset[str]) -> frozenset[str]:
        return credentials - await self._sessions.find_in_force(credentials)

    async def log_in(self, credential: str) -> tuple[Caller, str]:
        key = await self._key(credential)
        await self._store.write(key.caller.name, Action.SESSION_OPENED, key.label)
        return key.caller, await self._sessions.open(key.caller, key.key_id)

    async def log_out(self, cookie: str) -> str | None:
        return await self._sessions.end(cookie)

    async def _key(self, credential: str) -> ApiKey:
        """The key that somebody holds.

        Raises:
            NotKnown: it is none that is in force.
        """
        written = parse_key(credential)
        key = written and await self._store.find(written.key_id, written.secret)
        if key is None:
            raise NotKnown(*UNKNOWN_KEY)
        if key.revoked_at is not None:
            raise NotKnown(*REVOKED_KEY)
        if key.has_expired(self._clock()):
            raise NotKnown(*EXPIRED_KEY)
        self._store.note_use(key)
        return key


class Unchecked:
    """ECLUSE_AUTH=off: everybody may do everything, without a cookie or a token in forms."""

    checks = False

    async def by_bearer(self, _credential: str) -> Caller:
        return ANYBODY

    async def by_session(
        self,
        _cookie: str,
        *,
        by_person: bool = True,  # noqa: ARG002 # its name is the port's
    ) -> tuple[Caller, str]:
        return ANYBODY, ""

    async def find_ended(self, _credentials: frozenset[str]) -> frozenset[str]:
        return frozenset()

    async def log_in(self, _credential: str) -> tuple[Caller, str]:
        return ANYBODY, ""

    async def log_out(self, _cookie: str) -> str | None:
        return None
