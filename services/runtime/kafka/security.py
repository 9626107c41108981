"""TLS and SASL: the security arguments of every Kafka client, and why a broker refuses them."""

import asyncio
import ssl
from collections.abc import Iterable
from functools import cache
from http import HTTPStatus
from typing import Any, Final, NamedTuple

from aiokafka.abc import AbstractTokenProvider
from aiokafka.conn import OAuthAuthenticator, collect_hosts, create_conn
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from events.texts import Translatable, _, verbatim
from services.runtime.ops.clock import wall_clock
from services.runtime.ops.errors import ClusterError
from services.runtime.ops.settings import Settings, variable
from services.runtime.ops.tls import PemFile, client_context, tls_refusal

PROBE_TIMEOUT_S: Final = 5.0
"""The time-out of a connection that asks a broker why it refuses."""

TOKEN_TIMEOUT_S: Final = 10.0
TOKEN_MARGIN_S: Final = 30.0
"""A token is fetched anew this long before it expires."""

UNUSED = _("{protocol} makes no use of {names}: choose another protocol (SASL_SSL), or remove them")
NEEDED = _("{protocol} needs {names}")

NO_TLS = _("it speaks no TLS: check port and ECLUSE_KAFKA_SECURITY_PROTOCOL")
WRONG_PASSWORD = _("it refuses the login of {user} by {mechanism}: check user name and password")
TOKEN_REFUSED = _(
    "it refuses the token of {user} ({error}): check its client, scope and audience at the issuer"
)
NO_MECHANISM = _("it does not offer {mechanism}: check ECLUSE_KAFKA_SASL_MECHANISM")
CLOSED = _(
    "it closes a connection by {protocol}: it expects TLS, a login, or a certificate of ours."
    " Check ECLUSE_KAFKA_SECURITY_PROTOCOL and ECLUSE_KAFKA_SSL_CERTFILE"
)
NO_RIGHT = _(
    "this principal has no right to it ({error}): `ecluse acls diff` names the missing right"
)
NO_TOKEN = _("no token from {address}: {error}")

OAUTH_NEEDED: Final = (
    "kafka_oauth_token_url",
    "kafka_oauth_client_id",
    "kafka_oauth_client_secret",
)
OAUTH_NAMES: Final = (*OAUTH_NEEDED, "kafka_oauth_scope")
SASL_NAMES: Final = (
    "kafka_sasl_mechanism",
    "kafka_sasl_username",
    "kafka_sasl_password",
    *OAUTH_NAMES,
)
TLS_NAMES: Final = (
    "kafka_ssl_cafile",
    "kafka_ssl_certfile",
    "kafka_ssl_keyfile",
    "kafka_ssl_key_password",
)


NO_RIGHTS: Final = (
    ClusterAuthorizationFailedError,
    GroupAuthorizationFailedError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
)
"""Errors of a broker whose authorizer refuses a request."""


def security_arguments(settings: Settings) -> dict[str, Any]:
    """The arguments of a client of aiokafka that secure its connections.

    Raises:
        ClusterError: settings contradict each other, or a file is missing or of no use.
    """
    _check(settings)
    arguments: dict[str, Any] = {"security_protocol": settings.kafka_security_protocol}
    if settings.over_tls:
        arguments["ssl_context"] = _tls_context(settings)
    if settings.with_login:
        arguments["sasl_mechanism"] = settings.kafka_sasl_mechanism
        if settings.kafka_sasl_mechanism == "OAUTHBEARER":
            OAuthAuthenticator.step = _step_or_ask
            arguments["sasl_oauth_token_provider"] = TokenProvider(settings)
        else:
            arguments["sasl_plain_username"] = settings.kafka_sasl_username
            password = settings.kafka_sasl_password
            arguments["sasl_plain_password"] = password and password.get_secret_value()
    return arguments


def _check(settings: Settings) -> None:
    """Stop where settings are missing that the protocol needs, or set that it ignores."""
    protocol = settings.kafka_security_protocol
    unused = [
        *(() if settings.with_login else SASL_NAMES),
        *(() if settings.over_tls else TLS_NAMES),
    ]
    needed = ["kafka_sasl_mechanism"] if settings.with_login else []
    if settings.kafka_sasl_mechanism == "OAUTHBEARER":
        needed += OAUTH_NEEDED
        unused += ("kafka_sasl_username", "kafka_sasl_password")
    elif settings.with_login:
        needed += ("kafka_sasl_username", "kafka_sasl_password")
        unused += OAUTH_NAMES
    if settings.kafka_ssl_keyfile or settings.kafka_ssl_key_password:
        needed.append("kafka_ssl_certfile")
    _stop_at(protocol, NEEDED, [each for each in needed if not getattr(settings, each)])
    _stop_at(protocol, UNUSED, [each for each in unused if getattr(settings, each)])


def _stop_at(protocol: str, why: Translatable, names: Iterable[str]) -> None:
    if names:
        facts = {"protocol": protocol, "names": ", ".join(map(variable, names))}
        raise ClusterError(variable("kafka_security_protocol"), why.render(facts))


@cache
def _tls_context(settings: Settings) -> ssl.SSLContext:
    """The TLS context of all clients of a process; files are read at its start."""

    def file(name: str) -> PemFile | None:
        path = getattr(settings, name)
        return None if path is None else PemFile(variable(name), path)

    password = settings.kafka_ssl_key_password
    return client_context(
        file("kafka_ssl_cafile"),
        file("kafka_ssl_certfile"),
        file("kafka_ssl_keyfile"),
        password.get_secret_value() if password else "",
    )


def text_of(error: KafkaError) -> Translatable:
    """An error of Kafka as a text; a right that is missing is explained."""
    text = verbatim(str(error) or type(error).__name__)
    return NO_RIGHT.render({"error": text}) if isinstance(error, NO_RIGHTS) else text


class TokenProvider(AbstractTokenProvider):  # type: ignore[misc] # aiokafka has no types
    """Fetches access tokens by OAuth's client credentials (RFC 6749, 4.4)."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._token = ""
        self._expires_s = 0.0
        self._lock = asyncio.Lock()

    async def token(self) -> str:
        """The token; aiokafka asks for it at each connection.

        Raises:
            KafkaConnectionError: the provider does not answer, or gives none.
        """
        import aiohttp  # noqa: PLC0415 # a tenth of a second that commands without tokens save

        async with self._lock:
            if wall_clock() > self._expires_s - TOKEN_MARGIN_S:
                try:
                    await self._fetch()
                except (aiohttp.ClientError, OSError, TimeoutError, ValueError, KeyError) as error:
                    where = self._settings.kafka_oauth_token_url
                    text = NO_TOKEN.render(
                        {"address": where, "error": str(error) or type(error).__name__}
                    )
                    raise NoTokenError(text) from error
        return self._token

    async def _fetch(self) -> None:
        import aiohttp  # noqa: PLC0415 # as above

        settings = self._settings
        form = {"grant_type": "client_credentials"}
        if settings.kafka_oauth_scope:
            form["scope"] = settings.kafka_oauth_scope
        secret = settings.kafka_oauth_client_secret
        login = aiohttp.encode_basic_auth(
            settings.kafka_oauth_client_id or "", secret.get_secret_value() if secret else ""
        )
        limit = aiohttp.ClientTimeout(total=TOKEN_TIMEOUT_S)
        async with (
            aiohttp.ClientSession(timeout=limit, headers={"Authorization": login}) as session,
            session.post(
                settings.kafka_oauth_token_url or "", data=form, allow_redirects=False
            ) as answer,
        ):
            if answer.status != HTTPStatus.OK:
                raise ValueError(f"HTTP {answer.status}")
            body = await answer.json(content_type=None)
        self._token = str(body["access_token"])
        self._expires_s = wall_clock() + float(body.get("expires_in", 0))


_step: Final = OAuthAuthenticator.step


async def _step_or_ask(
    authenticator: OAuthAuthenticator, payload: bytes | None
) -> tuple[bytes, bool] | None:
    """Answer a broker's error by %x01 (RFC 7628, 3.2.3): only then it refuses the login.

    aiokafka takes the error for consent, and then waits for answers that never come.
    """
    if payload and authenticator._token_sent:  # noqa: SLF001
        return b"\x01", True
    answer: tuple[bytes, bool] | None = await _step(authenticator, payload)
    return answer


class NoTokenError(KafkaConnectionError):  # type: ignore[misc] # aiokafka has no types
    """The identity provider gave no token."""

    def __init__(self, text: Translatable) -> None:
        super().__init__(text.msgid.format(**text.facts))
        self.text = text


class Refusal(NamedTuple):
    """The reason why a broker lets us in no further."""

    broker: str
    what: Translatable
    is_certain: bool = True
    """False where the connection was only closed: by a broker that goes or comes too."""


CLOSED_S: Final = 10.0
"""The time for which all brokers do nothing but close connections, until that is a refusal."""

CLOSED_PAUSE_S: Final = 1.0


async def refusal(settings: Settings) -> Refusal | None:
    """The refusal of our TLS or our login by the first broker that has one; aiokafka only logs it.

    None where a broker lets us in, or none says why: a retry may help then.

    Raises:
        ClusterError: as for `security_arguments`.
    """
    loop = asyncio.get_running_loop()
    until_s = loop.time() + CLOSED_S
    while True:
        found = await _refusal_of_all(settings)
        if found is None or found.is_certain or loop.time() > until_s:
            return found
        await asyncio.sleep(CLOSED_PAUSE_S)


async def _refusal_of_all(settings: Settings) -> Refusal | None:
    """A refusal, the certain ones first; None where a broker lets us in, or none says why."""
    refusals: list[Refusal] = []
    for host, port, _unused in collect_hosts(settings.bootstrap_servers):
        try:
            async with asyncio.timeout(PROBE_TIMEOUT_S):
                connection = await create_conn(
                    host,
                    port,
                    request_timeout_ms=int(PROBE_TIMEOUT_S * 1000),
                    **security_arguments(settings),
                )
                try:
                    await connection.send(MetadataRequest([]))
                finally:
                    connection.close()
        except (KafkaError, OSError, TimeoutError) as error:
            found = _refusal(f"{host}:{port}", error, settings)
            refusals += [] if found is None else [found]
        else:
            return None
    return next(iter(sorted(refusals, key=lambda each: not each.is_certain)), None)


def _refusal(broker: str, error: Exception, settings: Settings) -> Refusal | None:
    mechanism = {"mechanism": settings.kafka_sasl_mechanism}
    of_certificates = tls_refusal(
        error, variable("kafka_ssl_cafile"), variable("kafka_ssl_certfile")
    )
    if of_certificates is not None:
        return Refusal(broker, of_certificates)
    match error:
        case ssl.SSLError() | ConnectionResetError() if settings.over_tls:
            return Refusal(broker, NO_TLS, is_certain=False)
        case SaslAuthenticationFailed() if settings.kafka_oauth_client_id:
            facts = {"user": settings.kafka_oauth_client_id, "error": str(error)}
            return Refusal(broker, TOKEN_REFUSED.render(facts))
        case SaslAuthenticationFailed():
            user = {"user": settings.kafka_sasl_username}
            return Refusal(broker, WRONG_PASSWORD.render({**mechanism, **user}))
        case UnsupportedSaslMechanismError():
            return Refusal(broker, NO_MECHANISM.render(mechanism))
        case NoTokenError():
            return Refusal(broker, error.text)
        case KafkaConnectionError():  # There was a connection: a port that is closed is an OSError.
            what = CLOSED.render({"protocol": settings.kafka_security_protocol})
            return Refusal(broker, what, is_certain=False)
        case _:
            return None
