"""Logins that the identity provider has not answered yet: rows that are taken once."""

from datetime import timedelta
from typing import Final, NamedTuple

from sqlalchemy import delete, func, select

from services.api.access.keys import digest_of
from services.api.access.store import AccessStore
from services.api.access.tables import login_attempts
from services.api.adapters.clock import Clock
from services.api.adapters.randomness import a_secret

ATTEMPT_S: Final = 600
"""Time in which somebody must log in at the provider."""

ATTEMPTS_MAX: Final = 10_000
"""Attempts that are open at once, of everybody: the oldest goes for one more. Were the new one
refused, whoever makes them all would keep everybody out for ten minutes."""

SECRET_BYTES: Final = 32


class Attempt(NamedTuple):
    """A login that was begun."""

    nonce: str
    """What the ID token must carry."""
    code_verifier: str
    """Of PKCE: shows that who exchanges the code is who began."""
    redirect_uri: str
    return_to: str
    """The page of the console that was asked for."""


class Attempts:
    """Begins and takes attempts.

    Raises:
        Problem: from any method, when the database does not answer.
    """

    def __init__(self, store: AccessStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock

    async def begin(self, redirect_uri: str, return_to: str, browser: str) -> tuple[str, Attempt]:
        """A new attempt with its `state`, for the browser that has the cookie `browser`."""
        state, now = a_secret(SECRET_BYTES), self._clock()
        attempt = Attempt(a_secret(SECRET_BYTES), a_secret(SECRET_BYTES), redirect_uri, return_to)
        row = {
            "state_sha256": digest_of(state),
            "browser_sha256": digest_of(browser),
            "expires_at": now + timedelta(seconds=ATTEMPT_S),
            **attempt._asdict(),
        }
        ends = login_attempts.c.expires_at
        async with self._store.connected() as connection:
            await connection.execute(delete(login_attempts).where(ends < now))
            asked = select(func.count()).select_from(login_attempts)
            beyond = (await connection.execute(asked)).scalar_one() - ATTEMPTS_MAX + 1
            if beyond > 0:
                state_of = login_attempts.c.state_sha256
                oldest = select(state_of).order_by(ends).limit(beyond)
                await connection.execute(delete(login_attempts).where(state_of.in_(oldest)))
            await connection.execute(login_attempts.insert(), row)
        return state, attempt

    async def take(self, state: str, browser: str) -> Attempt | None:
        """The attempt of this state and browser, which nobody can take again; None: there is none.

        One that another browser began is left to it.
        """
        names = [login_attempts.c[name] for name in Attempt._fields]
        async with self._store.connected() as connection:
            taken = await connection.execute(
                delete(login_attempts)
                .where(
                    login_attempts.c.state_sha256 == digest_of(state),
                    login_attempts.c.browser_sha256 == digest_of(browser),
                )
                .returning(*names, login_attempts.c.expires_at)
            )
            row = taken.one_or_none()
        if row is None or row.expires_at < self._clock():
            return None
        return Attempt(*(getattr(row, name) for name in Attempt._fields))
