"""Waits with a time-out: aiokafka's own have none."""

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar

from aiokafka.errors import KafkaError

from events.texts import _
from services.runtime.ops.errors import Unreachable

Result = TypeVar("Result")

NO_ANSWER = _("no answer in {limit_s:g} s. Is the Kafka broker running at {where}?")
FAILED = _("{error}. Address: {where}")


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


async def started(client: Any, start: Awaitable[Result]) -> Result:
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


async def within(limit_s: float, wait: Awaitable[Result], what: str, where: object) -> Result:
    """Return the result of `wait`, if it comes within `limit_s` seconds.

    Raises:
        Unreachable: it did not come, or Kafka answered with an error; `what` names the request.
    """
    try:
        with only_our_cancellation():
            return await asyncio.wait_for(wait, limit_s)
    except TimeoutError as error:
        raise Unreachable(what, NO_ANSWER.render({"limit_s": limit_s, "where": where})) from error
    except KafkaError as error:
        facts = {"error": str(error) or type(error).__name__, "where": where}
        raise Unreachable(what, FAILED.render(facts)) from error


STOP_S: Final = 5.0
"""The time that a producer has to stop; then its connections are closed."""

CUT_S: Final = 1.0
"""The time that a sender has to notice that it is cancelled."""


async def stop_producer(producer: Any) -> None:
    """Close its connections; never raises.

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
