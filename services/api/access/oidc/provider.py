"""Logins of people at an identity provider: their state, and requests by code with PKCE.

Authlib writes the requests (RFC 6749, RFC 7636), aiohttp sends them, joserfc checks what comes
back.
"""

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Any, Final, NamedTuple, Self
from urllib.parse import quote

import structlog
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.auth import ClientAuth
from authlib.oauth2.rfc6749.parameters import prepare_grant_uri, prepare_token_request
from authlib.oauth2.rfc7636 import create_s256_code_challenge

from events.texts import _
from services.api.access.oidc.issuer import (
    DOCUMENT_BYTES_MAX,
    FETCH_ERRORS,
    configuration_of,
    json_object,
    open_client,
)
from services.api.access.oidc.tokens import check_address, text_of
from services.api.adapters.clock_and_chance import Clock, TtlCache, make_secret
from services.api.problems import Kind, Problem
from services.runtime.ops.http import read_within

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
    def begin(cls, redirect_uri: str, return_to: str, now: datetime) -> Self:
        """A new attempt."""
        end_s = int(now.timestamp()) + ATTEMPT_S
        page = urlsafe_b64encode(return_to.encode()).decode().rstrip("=")
        return cls(f"{end_s}.{make_secret(SECRET_BYTES)}.{page}", redirect_uri, return_to)

    @classmethod
    def from_answer(cls, cookie: str, state: str, redirect_uri: str, now: datetime) -> Self | None:
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
        return self._derive("state")

    @property
    def nonce(self) -> str:
        """The nonce that the ID token must carry."""
        return self._derive("nonce")

    @property
    def code_verifier(self) -> str:
        """The proof of PKCE that who exchanges the code is who began."""
        return self._derive("code_verifier")

    def _derive(self, name: str) -> str:
        digest = hmac.digest(self.cookie.encode(), name.encode(), sha256)
        return urlsafe_b64encode(digest).decode().rstrip("=")


DOCUMENT_FRESH_S: Final = 600.0
"""Time for which the provider's document is not asked for again."""

AWAY_S: Final = 5.0
"""The same where it did not answer: many who log in then do not each wait for it."""

RETRY_AFTER_S: Final = 10
ERROR_CHARACTERS_MAX: Final = 60
DETAIL_CHARACTERS_MAX: Final = 200
FORM: Final = {
    "Accept": "application/json",
    "Content-Type": "application/x-www-form-urlencoded",
}

PROVIDER_AWAY: Final = Kind(
    "login_provider_unreachable",
    503,
    _("Identity provider out of reach"),
    _("{provider}, where people log in, does not answer, or not as it must. Nothing is lost."),
    _(
        "Try again in a moment; if it lasts, tell the operator. You can still log in with an "
        "access key."
    ),
)
PROVIDER_ERROR: Final = Kind(
    "login_provider_error",
    502,
    _("The login failed"),
    _("{provider} answered with the error “{error}”."),
    _("Log in again; if it lasts, give the operator this error and the request's number."),
)
CODE_REFUSED: Final = Kind(
    "login_code_refused",
    401,
    _("The login failed"),
    _("{provider} refused the code that it had given: it was used already, or came too late."),
    _("Log in again."),
)

log: Final = structlog.stdlib.get_logger("ecluse.api")


class Client(NamedTuple):
    """Écluse as the provider knows it."""

    client_id: str
    secret: Callable[[], str | None]
    """Gives the secret as it is now; None for a public client."""
    scope: str


class Endpoints(NamedTuple):
    """Addresses of the provider, from its document."""

    authorization: str
    token: str
    end_session: str | None
    """None: it offers no logout."""
    takes_secret_in_form: bool
    """True if it takes the client's secret in the form alone (client_secret_post)."""
    answers_name_issuer: bool
    """True if it says that its answers to a login hold `iss` (RFC 9207)."""


class Provider:
    """The provider, asked for the login of people.

    Raises:
        Problem: from any method, it does not answer, or with an error.
    """

    def __init__(self, issuer: str, name: str, client: Client, clock: Clock) -> None:
        self._issuer = issuer
        self._name = name
        self._client = client
        self._kept = TtlCache(
            self._read, clock, lambda document: AWAY_S if document is None else DOCUMENT_FRESH_S
        )

    async def address_to_log_in(self, attempt: Attempt) -> str:
        """The address at which the browser logs in."""
        found = await self._endpoints()
        address: str = prepare_grant_uri(
            found.authorization,
            self._client.client_id,
            "code",
            redirect_uri=attempt.redirect_uri,
            scope=self._client.scope,
            state=attempt.state,
            nonce=attempt.nonce,
            code_challenge=create_s256_code_challenge(attempt.code_verifier),
            code_challenge_method="S256",
        )
        return address

    async def is_of_issuer(self, iss: str | None) -> bool:
        """True if an answer with this `iss` is the provider's; without one, if it names none."""
        if iss is not None:
            return iss == self._issuer
        return not (await self._endpoints()).answers_name_issuer

    async def id_token(self, code: str, attempt: Attempt) -> str:
        """The ID token for a code, not checked yet."""
        found = await self._endpoints()
        secret = self._client.secret()
        client_id = self._client.client_id
        method = "client_secret_post" if found.takes_secret_in_form else "client_secret_basic"
        if secret and not found.takes_secret_in_form:
            # Authlib leaves this out: a colon in the id, or a sign beyond ASCII (RFC 6749, 2.3.1).
            client_id, secret = quote(client_id, ""), quote(secret, "")
        auth = ClientAuth(client_id, secret, method if secret else "none")
        body = prepare_token_request(
            "authorization_code",
            redirect_uri=attempt.redirect_uri,
            code=code,
            code_verifier=attempt.code_verifier,
        )
        address, headers, body = auth.prepare("POST", found.token, dict(FORM), body)
        status, answer = await self._post(address, headers, body)
        if status == HTTPStatus.OK and (token := text_of(answer.get("id_token"))):
            return token
        error = text_of(answer.get("error")) or f"HTTP {status}"
        if error == "invalid_grant":
            raise Problem(CODE_REFUSED, {"provider": self._name})
        raise self.error(error)

    async def address_to_log_out(self, id_token: str, back_to: str) -> str | None:
        """The address at which the browser ends its session there; None: there is no such way."""
        try:
            found = await self._endpoints()
        except Problem:
            return None  # Our own session has ended already.
        if found.end_session is None:
            return None
        parameters = {
            "id_token_hint": id_token,
            "client_id": self._client.client_id,
            "post_logout_redirect_uri": back_to,
        }
        return add_params_to_uri(found.end_session, list(parameters.items()))

    def error(self, code: str) -> Problem:
        """The problem of an error that the provider answers with."""
        shown = "".join(each for each in code if each.isprintable())[:ERROR_CHARACTERS_MAX]
        return Problem(PROVIDER_ERROR, {"provider": self._name, "error": shown})

    async def _post(
        self, address: str, headers: Mapping[str, str], body: str
    ) -> tuple[int, Mapping[str, Any]]:
        try:
            async with (
                open_client() as session,
                session.post(address, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                found = json_object(await read_within(answer, DOCUMENT_BYTES_MAX))
        except FETCH_ERRORS as error:
            _log_not_read(error)
            raise self._away() from error
        if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise self._away()
        return answer.status, found

    async def _endpoints(self) -> Endpoints:
        found = await self._kept()
        if found is None:
            raise self._away()
        return found

    async def _read(self) -> Endpoints | None:
        try:
            async with open_client() as session:
                found = await configuration_of(session, self._issuer)
                methods = found.get("token_endpoint_auth_methods_supported")
                end_session = found.get("end_session_endpoint")
                return Endpoints(
                    check_address(found.get("authorization_endpoint")),
                    check_address(found.get("token_endpoint")),
                    None if end_session is None else check_address(end_session),
                    isinstance(methods, list)
                    and "client_secret_post" in methods
                    and "client_secret_basic" not in methods,
                    found.get("authorization_response_iss_parameter_supported") is True,
                )
        except FETCH_ERRORS as error:
            _log_not_read(error)
            return None

    def _away(self) -> Problem:
        headers = {"Retry-After": str(RETRY_AFTER_S)}
        return Problem(PROVIDER_AWAY, {"provider": self._name}, headers=headers)


def _log_not_read(error: Exception) -> None:
    """Say what the operator must mend: an address, an issuer that is written otherwise."""
    detail = str(error)[:DETAIL_CHARACTERS_MAX]
    log.warning("login_provider_not_read", error=type(error).__name__, detail=detail)
