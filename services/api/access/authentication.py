"""Authentication by a key, a token, or the console's session."""

from typing import Final

from events.texts import _
from services.api.access.audit import Action
from services.api.access.caller import ANYBODY, Caller, NotKnown
from services.api.access.issuer import Issuer
from services.api.access.keys import has_key_format, taken_apart
from services.api.access.session import ENDED, Sessions
from services.api.access.store import AccessStore

UNKNOWN_KEY: Final = ("key_unknown", _("This key is not known."))
REVOKED_KEY: Final = ("key_revoked", _("This key has been revoked."))
NO_ISSUER: Final = ("no_issuer", _("This is no key of Écluse, and no identity provider is set."))


class KnownCallers:
    """Access by keys of the store, tokens of the provider, and sessions."""

    checks: Final = True

    def __init__(self, store: AccessStore, sessions: Sessions, issuer: Issuer | None) -> None:
        self._store = store
        self._sessions = sessions
        self._issuer = issuer

    async def by_bearer(self, credential: str) -> Caller:
        if not has_key_format(credential):
            if self._issuer is None:
                raise NotKnown(*NO_ISSUER)
            return await self._issuer.caller_of(credential)
        return await self._holder(credential)

    async def by_session(self, cookie: str) -> tuple[Caller, str]:
        key_id, csrf = self._sessions.read(cookie)
        key = await self._store.find(key_id)
        if key is None or key.revoked_at is not None:
            raise NotKnown(*ENDED)
        return key.caller, csrf

    async def log_in(self, credential: str) -> tuple[Caller, str]:
        caller = await self._holder(credential)
        await self._store.write(caller.name, Action.SESSION_OPENED, caller.label)
        return caller, self._sessions.cookie_for(caller.name.removeprefix("key:"))

    async def _holder(self, credential: str) -> Caller:
        written = taken_apart(credential)
        key = written and await self._store.find(written.key_id, written.secret)
        if key is None:
            raise NotKnown(*UNKNOWN_KEY)
        if key.revoked_at is not None:
            raise NotKnown(*REVOKED_KEY)
        await self._store.note_use(key)
        return key.caller


class Unchecked:
    """ECLUSE_AUTH=off: everybody may do everything, without a cookie or a token in forms."""

    checks = False

    async def by_bearer(self, _credential: str) -> Caller:
        return ANYBODY

    async def by_session(self, _cookie: str) -> tuple[Caller, str]:
        return ANYBODY, ""

    async def log_in(self, _credential: str) -> tuple[Caller, str]:
        return ANYBODY, ""
