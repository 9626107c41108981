"""Posting a message to a webhook once: where it may go, its signature, and the outcome.

Posted to are https addresses of public hosts, and those that a setting names. An address that leads
into our own network would make the API ask servers that its owner cannot reach (SSRF): what a name
resolves to is checked where the connection is made, each time. Signatures are those of Standard
Webhooks (https://www.standardwebhooks.com), symmetric; their Python library is these lines, and
brings an HTTP client and three packages more.
"""

import base64
import hmac
import socket
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from time import perf_counter
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

from services.api.access.webhook_store import Attempt, Webhook
from services.api.adapters.clock_and_chance import Clock
from services.api.outcomes.feed import Outcome

ADDRESS_MAX: Final = 2_000

UNICAST: Final = IPv6Network("2000::/3")
"""All of IPv6 that is given to hosts of the internet (RFC 4291, 2.4)."""

TRANSLATED: Final = IPv6Network("2002::/16")
"""The part of it that a network may translate into any address of IPv4 (RFC 3056)."""


class Forbidden(OSError):
    """An address that may not be posted to."""


def check_address(address: str, allowed: frozenset[str]) -> str:
    """The host of an address that may be posted to, as far as it says itself.

    Args:
        address: of the receiving application.
        allowed: hosts that may be posted to in any case, by http too.

    Raises:
        Forbidden: it is no https address of a public host, and no host that is allowed.
    """
    try:
        parts = urlsplit(address)
        host, _port = (parts.hostname or "").lower(), parts.port
    except ValueError as error:
        raise Forbidden(address) from error
    is_plain = address.isascii() and address.isprintable() and len(address) <= ADDRESS_MAX
    if not host or not is_plain or "@" in parts.netloc or parts.fragment:
        raise Forbidden(address)
    if host in allowed and parts.scheme in {"http", "https"}:
        return host
    if parts.scheme != "https" or not _may_be_public(host):
        raise Forbidden(address)
    return host


def is_public(host: str) -> bool:
    """True of the number of a host on the internet."""
    found: IPv4Address | IPv6Address = ip_address(host.partition("%")[0])
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found
    if isinstance(found, IPv6Address) and (found not in UNICAST or found in TRANSLATED):
        return False
    return found.is_global and not found.is_multicast


def _may_be_public(host: str) -> bool:
    try:
        return is_public(host)
    except ValueError:
        return "." in host and not host.endswith((".localhost", ".local", ".internal"))


class PublicResolver(AbstractResolver):
    """Resolves names to public addresses alone, unless they are allowed."""

    def __init__(self, allowed: frozenset[str]) -> None:
        self._allowed = allowed
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses of a host.

        Raises:
            Forbidden: one of them is not public.
            OSError: the name is not known.
        """
        found = await self._resolver.resolve(host, port, family)
        if host.lower() not in self._allowed and not _all_public(found):
            raise Forbidden(host)
        return found

    async def close(self) -> None:
        await self._resolver.close()


def _all_public(addresses: Sequence[ResolveResult]) -> bool:
    return all(is_public(each["host"]) for each in addresses)


PREFIX: Final = "whsec_"
VERSION: Final = "v1"


def secret_of(key: bytes) -> str:
    """A key as its owner copies it into the receiving application."""
    return PREFIX + base64.b64encode(key).decode()


def headers_of(secret: str, message_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """The headers that prove who sent this body, and when.

    Args:
        secret: as `secret_of` spells it.
        message_id: the same for every attempt: by it a receiver knows a repeat.
        timestamp_s: of this attempt, in seconds since 1970: an old one is a recording.
        body: the bytes that are sent.
    """
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = b"%s.%d.%s" % (message_id.encode(), timestamp_s, body)
    signature = base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": f"{VERSION},{signature}",
    }


ANSWER_LIMIT_S: Final = 15.0
"""Time in which a receiver must answer, connecting included."""

CONNECT_S: Final = 5.0
SUCCESS: Final = range(200, 300)
ERROR_MAX: Final = 200

OUTCOME_TYPE: Final = "ecluse.outcome"
TEST_TYPE: Final = "ecluse.webhook.test"


class Message(NamedTuple):
    """A message to a receiver."""

    message_id: str
    body: bytes


def outcome_message(outcome: Outcome) -> Message:
    """The message of an outcome: the same bytes at every attempt."""
    return Message(outcome.key, _body(OUTCOME_TYPE, outcome.event_time, outcome.content))


def probe(name: str, at: datetime) -> Message:
    """A message that says nothing, by which an address is tried."""
    return Message(f"test/{name}", _body(TEST_TYPE, at, b"{}"))


def _body(type_: str, at: datetime | None, data: bytes) -> bytes:
    time = b"null" if at is None else f'"{at.isoformat()}"'.encode()
    return b'{"type":"%s","timestamp":%s,"data":%s}' % (type_.encode(), time, data)


class Deliverer:
    """Posts messages. No proxy of the environment, no redirect, no cookie."""

    def __init__(self, allowed: frozenset[str], clock: Clock) -> None:
        self._allowed = allowed
        self._clock = clock

    def open_session(self) -> aiohttp.ClientSession:
        """Connections for the attempts of one run."""
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=PublicResolver(self._allowed), use_dns_cache=False
            ),
            timeout=aiohttp.ClientTimeout(total=ANSWER_LIMIT_S, sock_connect=CONNECT_S),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def attempt(
        self,
        session: aiohttp.ClientSession,
        webhook: Webhook,
        message: Message,
        elapsed: Callable[[], float] = perf_counter,
    ) -> Attempt:
        """Post a message once; what came of it."""
        began_s, at = elapsed(), self._clock()
        status, error = None, None
        try:
            check_address(webhook.address, self._allowed)
            headers = headers_of(
                webhook.secret, message.message_id, int(at.timestamp()), message.body
            )
            async with session.post(
                webhook.address,
                data=message.body,
                headers={"Content-Type": "application/json", "User-Agent": "Ecluse", **headers},
                allow_redirects=False,
            ) as answer:
                status = answer.status
        except Forbidden:
            error = "this address may not be posted to"
        except TimeoutError:
            error = f"no answer within {ANSWER_LIMIT_S:g} s"
        except (aiohttp.ClientResponseError, aiohttp.InvalidURL):
            # They name the whole address, of which a part may be secret.
            error = "what answers does not speak HTTP"
        except (aiohttp.ClientError, OSError, ValueError) as failure:
            reason = getattr(failure, "os_error", None) or failure
            forbidden = isinstance(reason, Forbidden) or isinstance(failure.__cause__, Forbidden)
            text = "this address may not be posted to" if forbidden else str(reason)
            error = (text or type(failure).__name__)[:ERROR_MAX]
        duration_ms = round((elapsed() - began_s) * 1000)
        done = status is not None and status in SUCCESS
        return Attempt(message.message_id, at, status, error, duration_ms, done=done)
