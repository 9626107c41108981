"""One attempt to post a message: its body, its signature, and what came of it."""

from collections.abc import Callable
from datetime import datetime
from time import perf_counter
from typing import Final, NamedTuple

import aiohttp

from services.api.access.webhook_store import Attempt, Webhook
from services.api.adapters.clock import Clock
from services.api.outcomes.query import Outcome
from services.api.webhooks.addresses import Forbidden, PublicResolver, check_address
from services.api.webhooks.signature import headers_of

ANSWER_S: Final = 15.0
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

    def opened(self) -> aiohttp.ClientSession:
        """Connections for the attempts of one run."""
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=PublicResolver(self._allowed), use_dns_cache=False
            ),
            timeout=aiohttp.ClientTimeout(total=ANSWER_S, sock_connect=CONNECT_S),
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
            error = f"no answer within {ANSWER_S:g} s"
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
