"""The console's session: a signed cookie, and a token in its forms.

The cookie names a key and holds no right: each request asks what the key allows, so that a key
that is revoked ends its sessions. What it says is signed, not hidden: nothing in it is a secret.
"""

import hmac
from hashlib import sha256
from typing import Final

from fastapi import Request
from itsdangerous import BadData, TimestampSigner, URLSafeTimedSerializer
from starlette.requests import HTTPConnection
from starlette.responses import Response

from events.texts import _
from services.api.access.caller import NotKnown
from services.api.adapters.clock import Clock
from services.api.adapters.randomness import a_secret
from services.api.problems import FORGED_FORM, Problem
from services.runtime.ops.hosts import LOCAL, name_in

SESSION_COOKIE: Final = "ecluse_session"
LOGIN_PATH: Final = "/console/login"
SESSION_S: Final = 8 * 3600
"""A working day."""

CSRF_BYTES: Final = 24
SALT: Final = "ecluse-console-session"

CSRF_FIELD: Final = "csrf"
"""The hidden field of every form; its value is `request.state.csrf`."""

OWN_SITE: Final = frozenset({"same-origin", "none"})
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""

ENDED: Final = ("session_ended", _("The session has ended: log in again."))


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
            raise NotKnown(*ENDED) from error
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


async def own_form(request: Request) -> None:
    """That what is sent comes from a page of ours.

    Raises:
        Problem: another site sent it, or it does not carry the token of its session.
    """
    if request.method in SAFE:
        return
    if request.headers.get("sec-fetch-site", "none") not in OWN_SITE:
        raise Problem(FORGED_FORM)
    expected = getattr(request.state, "csrf", None)
    if expected is None:
        return  # Not by a cookie that the browser adds by itself: nobody can borrow it.
    given = (await request.form()).get(CSRF_FIELD, "")
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), expected.encode()):
        raise Problem(FORGED_FORM)
