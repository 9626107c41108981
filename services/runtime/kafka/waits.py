"""Waits for Kafka: with a time-out, which aiokafka's own have not, or until a cluster answers."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar

import structlog
from aiokafka.conn import collect_hosts
from aiokafka.errors import KafkaError, KafkaTimeoutError

from events.texts import _
from services.runtime.kafka.security import refusal, text_of
from services.runtime.ops.errors import ClusterError, Unreachable
from services.runtime.ops.settings import Settings

Result = TypeVar("Result")

NO_ANSWER = _("no answer in {limit_s:g} s. Is the Kafka broker running at {where}?")
FAILED = _("{error}. Address: {where}")

log: Final = structlog.stdlib.get_logger("ecluse.runtime")


@contextmanager
def only_our_cancellation() -> Iterator[None]:
    """Let a cancellation through only if this very task was cancelled.

    aiokafka cancels tasks of its own and awaits them, so that a consumer which stops while the
    broker is down raises CancelledError.

    Raises:
        KafkaError: instead of such a cancellation.
    """
    try:
        yield
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise KafkaError("cancelled inside aiokafka") from error


BOOTSTRAP_S: Final = 2.0
"""The time that a cancelled start may go on until it has found its cluster."""

BOOTSTRAP_POLL_S: Final = 0.01


async def finish_start(client: Any, start: Awaitable[Result]) -> Result:
    """Await `start`; when cancelled, let it go on until `client` has found its cluster, no further.

    Cancelled before that, aiokafka leaves a connection open (`AIOKafkaClient.bootstrap`). What it
    does after that, such as fencing, is cancelled at once.
    """
    running = asyncio.ensure_future(start)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        polls = int(BOOTSTRAP_S / BOOTSTRAP_POLL_S)
        while polls and not running.done() and client._sync_task is None:  # noqa: SLF001
            polls -= 1
            await asyncio.sleep(BOOTSTRAP_POLL_S)
        raise
    finally:
        running.cancel()
        await asyncio.wait({running})


async def wait_within(limit_s: float, wait: Awaitable[Result], what: str, where: object) -> Result:
    """Return the result of `wait`; Unreachable where it fails, or takes longer than `limit_s`."""
    try:
        with only_our_cancellation():
            return await asyncio.wait_for(wait, limit_s)
    except TimeoutError as error:
        raise Unreachable(what, NO_ANSWER.render({"limit_s": limit_s, "where": where})) from error
    except KafkaError as error:
        facts = {"error": text_of(error), "where": where}
        raise Unreachable(what, FAILED.render(facts)) from error


STOP_S: Final = 5.0
"""The time that a producer has to stop; then its connections are closed."""

CUT_S: Final = 1.0
"""The time that a sender has to notice that it is cancelled."""


async def stop_producer(producer: Any) -> None:
    """Close the connections of a producer; never raises.

    Its own stop waits for batches in flight without a limit, and its sender would go on retrying,
    and succeed once a broker comes back.
    """
    passed_over = suppress(KafkaError, OSError, TimeoutError)
    with passed_over, only_our_cancellation():
        await asyncio.wait_for(producer.stop(), STOP_S)
        return
    sender = producer._sender.sender_task  # noqa: SLF001
    if sender is not None:
        sender.cancel()
        await asyncio.wait({sender}, timeout=CUT_S)
    with passed_over, only_our_cancellation():
        await asyncio.wait_for(producer.client.close(), STOP_S)


RETRY_S: Final = 0.5
"""The pause before the next attempt."""

CONNECT_S: Final = 2.0
"""The time-out of a connection that probes an address."""


async def retry_until_answered(settings: Settings, ask: Callable[[], Awaitable[Result]]) -> Result:
    """Return the result of `ask`, retried while the cluster does not answer, for `give_up_s`.

    The first failure is logged. There is no retry where nothing listens at any of the addresses:
    they are wrong, or no broker is left; nor where the brokers refuse our TLS or our login.

    Raises:
        Unreachable: nothing listens, a retry could not help, or none succeeded in time.
        ClusterError: the brokers refuse us; the text says why.
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
                await raise_refusal(settings, error)
                log.warning("broker_unavailable", error=str(error), limit_s=settings.give_up_s)
                waits = True
        await asyncio.sleep(RETRY_S)


async def raise_refusal(settings: Settings, error: Exception) -> None:
    """Raise the refusal of TLS or login that is behind this failure; return where there is none.

    Raises:
        ClusterError: the brokers refuse us; the text says why.
    """
    refused = await refusal(settings)
    if refused is not None:
        raise ClusterError(refused.broker, refused.what) from error


def _may_change(error: Unreachable) -> bool:
    """Return whether a retry may help: what a broker refuses it will refuse again."""
    cause = error.__cause__
    if isinstance(cause, KafkaError):
        return cause.retriable or isinstance(cause, KafkaTimeoutError)
    return isinstance(cause, OSError)  # A TimeoutError is one.


async def _anybody_listens(bootstrap_servers: str) -> bool:
    for host, port, _family in collect_hosts(bootstrap_servers):
        with suppress(OSError):
            async with asyncio.timeout(CONNECT_S):
                _unused, writer = await asyncio.open_connection(host, port)
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
            return True
    return False


def _now_s() -> float:
    return asyncio.get_running_loop().time()
