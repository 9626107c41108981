"""The console's session: a signed cookie, and a token for its forms.

The cookie names a key and holds no right: each request asks what the key allows, so that a key
that is revoked ends its sessions. What it says is signed, not hidden: nothing in it is a secret.
"""

from hashlib import sha256
from typing import Final

from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer
from starlette.requests import HTTPConnection
from starlette.responses import Response

from events.sentences import Sentence
from services.api.access.hosts import LOCAL, name_in
from services.api.access.port import NotKnown
from services.api.adapters.clock import Clock
from services.api.adapters.randomness import a_secret

SESSION_COOKIE: Final = "ecluse_session"
LOGIN_PATH: Final = "/console/login"
SESSION_S: Final = 8 * 3600
"""A working day."""

CSRF_BYTES: Final = 24
SALT: Final = "ecluse-console-session"

ENDED = NotKnown(
    "session_ended",
    Sentence(
        "La session est terminée\u00a0: reconnectez-vous.", "The session has ended: log in again."
    ),
)


class Sessions:
    """Makes and reads cookies, signed with `secret`."""

    def __init__(self, secret: str, clock: Clock) -> None:
        class ByOurClock(TimestampSigner):
            """Signs with the API's time, as all else."""

            def get_timestamp(self) -> int:
                return int(clock().timestamp())

        self._serializer = URLSafeTimedSerializer(
            secret, salt=SALT, signer=ByOurClock, signer_kwargs={"digest_method": sha256}
        )

    def cookie_for(self, key_id: str) -> str:
        """A new session of whoever holds this key."""
        return self._serializer.dumps([key_id, a_secret(CSRF_BYTES)])

    def read(self, cookie: str) -> tuple[str, str]:
        """The key's id and the CSRF token.

        Raises:
            NotKnown: the cookie is not ours, or too old.
        """
        try:
            key_id, csrf = self._serializer.loads(cookie, max_age=SESSION_S)
        except (BadData, ValueError, TypeError) as error:
            raise ENDED from error
        return str(key_id), str(csrf)


def set_session(answer: Response, asked: HTTPConnection, cookie: str) -> None:
    """Give the cookie to the browser, for our own pages alone."""
    answer.set_cookie(
        SESSION_COOKIE,
        cookie,
        max_age=SESSION_S,
        httponly=True,
        samesite="strict",
        # Without TLS only on this machine, where nobody listens on the way.
        secure=not _on_this_machine(asked),
    )


def _on_this_machine(asked: HTTPConnection) -> bool:
    """True if the browser came without TLS, and to this very machine.

    A proxy that says nothing of itself asks so too, and gives its own name for ours (nginx, unless
    a proxy says otherwise). What the browser says of its page, `Origin`, it sends on.
    """
    origin = asked.headers.get("origin")
    of_a_proxy = origin is not None and not (
        origin.startswith("http://") and name_in(origin) in LOCAL
    )
    return asked.url.scheme == "http" and asked.url.hostname in LOCAL and not of_a_proxy


def end_session(answer: Response) -> None:
    """Have the browser forget it."""
    answer.delete_cookie(SESSION_COOKIE, httponly=True, samesite="strict")
