"""Waits for a cluster that does not answer: logged once, and bounded."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeVar

import structlog
from aiokafka.conn import collect_hosts
from aiokafka.errors import KafkaError, KafkaTimeoutError

from services.runtime.ops.errors import Unreachable
from services.runtime.ops.settings import Settings

Result = TypeVar("Result")

RETRY_S: Final = 0.5
"""The pause before the next attempt."""

CONNECT_S: Final = 2.0
"""The time-out of a connection that probes an address."""

log: Final = structlog.stdlib.get_logger("ecluse.runtime")


async def until_answered(settings: Settings, ask: Callable[[], Awaitable[Result]]) -> Result:
    """Return the result of `ask`, retried while the cluster does not answer, for `give_up_s`.

    The first failure is logged. There is no retry where nothing listens at any of the addresses:
    they are wrong, or no broker is left.

    Raises:
        Unreachable: nothing listens, a retry could not help, or none succeeded in time.
    """
    since_s = _now_s()
    waits = False
    while True:
        try:
            return await ask()
        except Unreachable as error:
            if _now_s() - since_s > settings.give_up_s or not _may_change(error):
                raise
            if not waits:
                if not await _anybody_listens(settings.bootstrap_servers):
                    raise
                log.warning("broker_unavailable", error=error.text.en, limit_s=settings.give_up_s)
                waits = True
        await asyncio.sleep(RETRY_S)


def _may_change(error: Unreachable) -> bool:
    """Return whether a retry may help: what a broker refuses it will refuse again."""
    cause = error.__cause__
    if isinstance(cause, KafkaError):
        return cause.retriable or isinstance(cause, KafkaTimeoutError)
    return isinstance(cause, OSError)  # A TimeoutError is one.


async def _anybody_listens(bootstrap_servers: str) -> bool:
    for host, port, _ in collect_hosts(bootstrap_servers):
        with suppress(OSError):
            async with asyncio.timeout(CONNECT_S):
                _, writer = await asyncio.open_connection(host, port)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            return True
    return False


def _now_s() -> float:
    return asyncio.get_running_loop().time()
