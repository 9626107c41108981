"""The login of people to the console at an identity provider, and its end."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from events.texts import _
from services.api.access.caller import Action, NotKnown, Scope
from services.api.access.oidc.issuer import Issuer
from services.api.access.oidc.provider import Attempt, Client, Provider
from services.api.access.oidc.tokens import (
    ESSENTIAL,
    TokenRequirements,
    caller_of,
    subject_of,
    text_of,
    wrong_claim,
)
from services.api.access.session_store import Notice, ProviderSession, Sessions
from services.api.access.store import AccessStore
from services.api.adapters.clock_and_chance import Clock
from services.api.problems import Kind, Problem

CODE_CHARACTERS_MAX: Final = 4096
LOGOUT_TOKEN_S: Final = 600
"""Greatest age of a logout token: for so long we remember which we took."""

LOGOUT_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"

UNKNOWN: Final = Kind(
    "login_unknown",
    400,
    _("The login failed"),
    _(
        "This answer of {provider} is to no question of ours: it came twice, too late, or to "
        "another browser than the one that began."
    ),
    _("Log in again, in one window, within ten minutes."),
)
DENIED: Final = Kind(
    "login_denied",
    403,
    _("The login was refused"),
    _("{provider} did not let you in, or you gave up there (access_denied)."),
    _("Log in again; if {provider} refuses you, ask whoever keeps its users."),
)
TOKEN_REFUSED: Final = Kind(
    "login_token_refused",
    401,
    _("The login failed"),
    _("What {provider} says about you cannot be believed. {why}"),
    _("Log in again; if it lasts, give the operator this sentence and the request's number."),
)
NO_ROLE: Final = Kind(
    "login_without_role",
    403,
    _("No role in Écluse"),
    _("{provider} knows you as “{who}”, but has given you no role in Écluse, or no entity."),
    _("Ask whoever keeps the roles at {provider} for one of these, and say that name: {roles}."),
)


class FinishedLogin(NamedTuple):
    """A login that succeeded."""

    cookie: str
    return_to: str


class ProviderLogin:
    """Logs people in at the provider, by authorization code with PKCE, state and nonce.

    Raises:
        Problem: from any method, when provider or database do not answer; else as it says.
    """

    def __init__(
        self,
        requirements: TokenRequirements,
        client: Client,
        issuer: Issuer,
        store: AccessStore,
        sessions: Sessions,
        clock: Clock,
        addresses: tuple[str, ...],
    ) -> None:
        self.name = urlsplit(requirements.issuer).hostname or requirements.issuer
        self._requirements = requirements
        self._client_id = client.client_id
        self._issuer = issuer
        self._store = store
        self._sessions = sessions
        self._clock = clock
        self._addresses = addresses
        self._provider = Provider(requirements.issuer, self.name, client, clock)

    async def begin(self, redirect_uri: str, return_to: str) -> tuple[str, Attempt]:
        """Begin a login.

        Args:
            redirect_uri: our address to which the provider sends the browser back.
            return_to: the page of the console to show then: a path of ours.

        Returns:
            The provider's address for the browser, and the attempt, whose cookie binds it to it.
        """
        attempt = Attempt.begin(redirect_uri, return_to, self._clock())
        return await self._provider.address_to_log_in(attempt), attempt

    async def finish(
        self, answer: Mapping[str, str], redirect_uri: str, cookie: str | None
    ) -> FinishedLogin:
        """Finish a login: a session for whoever the provider names.

        Args:
            answer: the parameters with which the provider sent the browser back.
            redirect_uri: our address to which it did.
            cookie: that of the attempt.

        Raises:
            Problem: the answer is to no attempt of this browser, or is not to be believed, or
                gives no right.
        """
        state = answer.get("state", "")
        attempt = Attempt.from_answer(cookie or "", state, redirect_uri, self._clock())
        if attempt is None or not await self._provider.is_of_issuer(answer.get("iss")):
            raise Problem(UNKNOWN, {"provider": self.name})
        if denied := answer.get("error"):
            raise self._explain_denial(denied)
        code = answer.get("code", "")
        if not code or len(code) > CODE_CHARACTERS_MAX:
            raise Problem(UNKNOWN, {"provider": self.name})
        token = await self._provider.id_token(code, attempt)
        try:
            claims = await self._issuer.claims_of(token, self._client_id, iat=ESSENTIAL)
            _check_answers(claims, attempt.nonce, self._client_id)
            caller = caller_of(claims, self._requirements)
        except NotKnown as error:
            facts = {"provider": self.name, "why": error.why}
            raise Problem(TOKEN_REFUSED, facts, reason=error.reason) from error
        if not caller.rights:
            raise Problem(
                NO_ROLE, {"provider": self.name, "who": caller.label, "roles": self._roles()}
            )
        there = ProviderSession(subject_of(claims), text_of(claims.get("sid")) or None, token)
        await self._store.write(caller.name, Action.SESSION_OPENED, caller.label)
        cookie = await self._sessions.open(caller, provider_session=there)
        return FinishedLogin(cookie, attempt.return_to)

    async def address_to_log_out(self, id_token: str, back_to: str) -> str | None:
        """The address where a browser ends its session at the provider; None if there is none."""
        return await self._provider.address_to_log_out(id_token, back_to)

    async def end_by(self, logout_token: str) -> int:
        """End the sessions that a logout token of the provider names; the number of them.

        Raises:
            NotKnown: it is not to be believed, or was taken before.
        """
        # Many providers give it no end (`exp`): its age bounds it anyway.
        claims = await self._issuer.claims_of(
            logout_token, self._client_id, exp={}, iat=ESSENTIAL, jti=ESSENTIAL
        )
        return await self._sessions.end_by(self._notice(claims))

    def address_of(self, request: HTTPConnection) -> str:
        """The address by which this browser reaches us, of those that the settings name."""
        named = {urlsplit(each).netloc.lower(): each.rstrip("/") for each in self._addresses}
        return named.get(request.headers.get("host", "").lower(), next(iter(named.values())))

    def _explain_denial(self, error: str) -> Problem:
        if error == "access_denied":
            return Problem(DENIED, {"provider": self.name})
        return self._provider.error(error)

    def _roles(self) -> str:
        by_scope = (f"{self._requirements.scope_prefix}{scope}" for scope in Scope)
        return ", ".join(self._requirements.roles or by_scope)

    def _notice(self, claims: Mapping[str, Any]) -> Notice:
        """The notice that these claims are (OpenID Connect Back-Channel Logout, 2.6).

        Raises:
            NotKnown: they are those of another token.
        """
        events = claims.get("events")
        if not isinstance(events, dict) or not isinstance(events.get(LOGOUT_EVENT), dict):
            raise wrong_claim("events")
        if "nonce" in claims:
            raise wrong_claim("nonce")
        subject, sid = (text_of(claims.get(name)) for name in ("sub", "sid"))
        now = self._clock()
        if claims["iat"] < now.timestamp() - LOGOUT_TOKEN_S:
            raise wrong_claim("iat")
        if not subject and not sid:
            raise wrong_claim("sub")
        forget_at = now + timedelta(seconds=LOGOUT_TOKEN_S + self._requirements.leeway_s)
        return Notice(claims["jti"], subject or None, sid or None, forget_at)


def _check_answers(claims: Mapping[str, Any], nonce: str, client_id: str) -> None:
    """Check that an ID token answers our own request (OpenID Connect Core, 3.1.3.7).

    Raises:
        NotKnown: it was made for another login, or for another client.
    """
    if claims.get("nonce") != nonce:
        raise wrong_claim("nonce")
    is_for_others = claims["aud"] not in (client_id, [client_id])
    if (is_for_others or "azp" in claims) and claims.get("azp") != client_id:
        raise wrong_claim("azp")
