"""A login that the identity provider has not answered yet: all of it stands in a cookie."""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from hashlib import sha256
from typing import Final, NamedTuple, Self

from services.api.adapters.randomness import make_secret

ATTEMPT_S: Final = 600
"""Time in which somebody must log in at the provider."""

SECRET_BYTES: Final = 32


class Attempt(NamedTuple):
    """A login that was begun.

    State, nonce and code verifier are derived from the cookie, which this browser alone has:
    whoever sees one of them can tell no other. Nothing is kept on the server, so that nobody can
    fill it and keep others out.
    """

    cookie: str
    """Its end, in seconds; 256 random bits; the page of the console that was asked for."""
    redirect_uri: str
    return_to: str
    """The page of the console that was asked for."""

    @classmethod
    def begun(cls, redirect_uri: str, return_to: str, now: datetime) -> Self:
        """A new attempt."""
        end_s = int(now.timestamp()) + ATTEMPT_S
        page = urlsafe_b64encode(return_to.encode()).decode().rstrip("=")
        return cls(f"{end_s}.{make_secret(SECRET_BYTES)}.{page}", redirect_uri, return_to)

    @classmethod
    def answered(cls, cookie: str, state: str, redirect_uri: str, now: datetime) -> Self | None:
        """The attempt of this cookie; None: it is none, or this state answers another, or late."""
        try:
            end_s, _secret, page = cookie.split(".")
            found = cls(cookie, redirect_uri, urlsafe_b64decode(f"{page}==").decode())
            late = int(end_s) < now.timestamp()
        except ValueError:
            return None
        answers = hmac.compare_digest(found.state.encode(), state.encode())
        return found if answers and not late else None

    @property
    def state(self) -> str:
        """The state that the provider's answer must carry."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """The nonce that the ID token must carry."""
        return self._derived("nonce")

    @property
    def code_verifier(self) -> str:
        """The proof of PKCE that who exchanges the code is who began."""
        return self._derived("code_verifier")

    def _derived(self, name: str) -> str:
        digest = hmac.digest(self.cookie.encode(), name.encode(), sha256)
        return urlsafe_b64encode(digest).decode().rstrip("=")
