"""Sessions of the console, on the server: a cookie holds a random id, its row all the rest.

A session ends when somebody logs out, when its key or the identity provider ends it, after eight
hours, and after two in which nobody opened a page: from then on nobody gets in with its cookie.
"""

import hmac
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Row, and_, delete, or_, select, union_all, update

from events.texts import _
from services.api.access.caller import Caller, Entities, NotKnown, Scope
from services.api.access.keys import digest_of
from services.api.access.store import AccessStore
from services.api.access.tables import api_keys, logout_tokens, sessions
from services.api.adapters.clock_and_chance import Clock, make_secret

SESSION_S: Final = 8 * 3600
"""A working day."""

IDLE_S: Final = 2 * 3600
"""Time after which a session has ended in which nobody opened a page."""

SESSIONS_MAX: Final = 50
"""Sessions of one caller at once: the oldest goes for one more."""

SEEN_EVERY: Final = timedelta(minutes=5)
"""Precision of the last request of a session: noting each would write at every request."""

ID_BYTES: Final = 32
CSRF_DIGITS: Final = 32

ENDED: Final = ("session_ended", _("The session has ended: log in again."))
NOTICE_TAKEN: Final = ("notice_taken", _("This notice was taken before."))


class ProviderSession(NamedTuple):
    """The session at the identity provider that a login came from."""

    subject: str
    """`sub`, as the provider writes it."""
    sid: str | None
    """Name of the session there."""
    id_token: str
    """It names the session to the provider when somebody logs out."""


class Notice(NamedTuple):
    """A notice of the provider that sessions there have ended."""

    jti: str
    """Its name: it is taken once."""
    subject: str | None
    """Of whom all are ended where there is no `sid`."""
    sid: str | None
    forget_at: datetime
    """From then on nobody would believe it, and its name need not be known any more."""


class Sessions:
    """Opens, finds and ends sessions in their table.

    Raises:
        Problem: from any method, when the database does not answer.
    """

    def __init__(
        self, store: AccessStore, clock: Clock, settings_sha256: str | None = None
    ) -> None:
        """Sessions in a store.

        Args:
            store: the store.
            clock: tells when one has ended.
            settings_sha256: digest of the settings of people's login; a session that was opened
                under others is not believed. None: people do not log in at a provider.
        """
        self._store = store
        self._clock = clock
        self._settings_sha256 = settings_sha256

    async def open(
        self,
        caller: Caller,
        key_id: str | None = None,
        provider_session: ProviderSession | None = None,
    ) -> str:
        """A new session: the value of its cookie. It is of a key, or of a login at a provider."""
        cookie, now = make_secret(ID_BYTES), self._clock()
        rights = {scope.value: found.names() for scope, found in caller.rights.items()}
        row = {
            "id_sha256": digest_of(cookie),
            "caller": caller.name,
            "label": caller.label,
            "key_id": key_id,
            "rights": rights if key_id is None else None,
            "settings_sha256": self._settings_sha256 if key_id is None else None,
            "subject": provider_session and provider_session.subject,
            "provider_session": provider_session and provider_session.sid,
            "id_token": provider_session and provider_session.id_token,
            "created_at": now,
            "last_seen_at": now,
            "expires_at": now + timedelta(seconds=SESSION_S),
        }
        of_caller = select(sessions.c.id_sha256).where(sessions.c.caller == caller.name)
        beyond = of_caller.order_by(sessions.c.created_at.desc()).offset(SESSIONS_MAX - 1)
        async with self._store.connect() as connection:
            await connection.execute(delete(sessions).where(_has_ended(now)))
            await connection.execute(delete(sessions).where(sessions.c.id_sha256.in_(beyond)))
            await connection.execute(sessions.insert(), row)
        return cookie

    async def find(self, cookie: str, *, by_person: bool = True) -> Row[Any]:
        """The row of the session with this cookie.

        Args:
            cookie: the session's.
            by_person: False of a request that an open page makes by itself: it does not keep the
                session from ending.

        Raises:
            NotKnown: there is none, or it has ended.
        """
        now = self._clock()
        is_it = sessions.c.id_sha256 == digest_of(cookie)
        found = await self._store.one(select(sessions).where(is_it, self._is_open(now)))
        if found is None:
            raise NotKnown(*ENDED)
        if by_person and now - found.last_seen_at >= SEEN_EVERY:
            seen = update(sessions).where(is_it).values(last_seen_at=now)
            self._store.write_beside(f"session {found.id_sha256}", seen)
        return found

    async def find_in_force(self, credentials: frozenset[str]) -> set[str]:
        """Return the ids of keys and digests of sessions, of these, that give access now."""
        now = self._clock()
        key, expires_at = api_keys.c.key_id, api_keys.c.expires_at
        keys = select(key).where(
            api_keys.c.revoked_at.is_(None), or_(expires_at.is_(None), expires_at > now)
        )
        of_key = sessions.c.key_id
        opened = select(sessions.c.id_sha256).where(
            self._is_open(now), or_(of_key.is_(None), of_key.in_(keys))
        )
        either = union_all(
            keys.where(key.in_(credentials)),
            opened.where(sessions.c.id_sha256.in_(credentials)),
        )
        async with self._store.connect(one_question=True) as connection:
            return {*(await connection.execute(either)).scalars()}

    def _is_open(self, now: datetime) -> ColumnElement[bool]:
        """True of sessions that have not ended; of the provider's, of the settings in force."""
        of_settings = sessions.c.settings_sha256.is_not_distinct_from(self._settings_sha256)
        return and_(~_has_ended(now), or_(sessions.c.key_id.is_not(None), of_settings))

    async def end(self, cookie: str) -> str | None:
        """End the session with this cookie; the ID token with which it was opened, if any."""
        async with self._store.connect() as connection:
            ended = await connection.execute(
                delete(sessions)
                .where(sessions.c.id_sha256 == digest_of(cookie))
                .returning(sessions.c.id_token)
            )
            return ended.scalar_one_or_none()

    async def end_by(self, notice: Notice) -> int:
        """End the sessions that a notice names.

        They are those of one session at the provider, or all of a subject. With both, those of a
        subject whose session is that one, or is not known: not every provider names it at a login.

        Returns:
            The number of sessions that were ended.

        Raises:
            NotKnown: the notice was taken before.
        """
        meant = [] if notice.subject is None else [sessions.c.subject == notice.subject]
        if notice.sid is not None:
            is_that = sessions.c.provider_session == notice.sid
            is_unknown = sessions.c.provider_session.is_(None)
            meant.append(is_that if notice.subject is None else or_(is_that, is_unknown))
        assert meant, "else all sessions would be ended"
        row = {"jti_sha256": digest_of(notice.jti), "expires_at": notice.forget_at}
        known = logout_tokens.c.jti_sha256 == row["jti_sha256"]
        # In one transaction: a notice that failed is taken when the provider sends it again.
        async with self._store.connect() as connection:
            old = logout_tokens.c.expires_at < self._clock()
            await connection.execute(delete(logout_tokens).where(old))
            if (await connection.execute(select(logout_tokens).where(known))).first():
                raise NotKnown(*NOTICE_TAKEN)
            await connection.execute(logout_tokens.insert(), row)
            return (await connection.execute(delete(sessions).where(*meant))).rowcount


def caller_of(row: Row[Any]) -> Caller:
    """Whoever logged in at the identity provider, with what it said that they may do."""
    allowed = row.rights or {}
    rights = {scope: Entities.parse(allowed[scope]) for scope in Scope if scope in allowed}
    return Caller(row.caller, rights, row.label)


def csrf_of(cookie: str) -> str:
    """The token of a session's forms: whoever sees one cannot tell the cookie from it."""
    return hmac.new(cookie.encode(), b"csrf", sha256).hexdigest()[:CSRF_DIGITS]


def _has_ended(now: datetime) -> Any:
    idle_since = now - timedelta(seconds=IDLE_S)
    return or_(sessions.c.expires_at < now, sessions.c.last_seen_at < idle_since)
