"""Waits with an end: aiokafka's own have none."""

import asyncio
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from aiokafka.errors import KafkaError

from events.sentences import Sentence
from services.runtime.ops.errors import Unreachable

Result = TypeVar("Result")

NO_ANSWER = Sentence(
    "pas de réponse en {limit_s:g} s. Le serveur Kafka tourne-t-il à {where} ?",
    "no answer in {limit_s:g} s. Is the Kafka broker running at {where}?",
)
FAILED = Sentence("{error}. Adresse : {where}", "{error}. Address: {where}")


@contextmanager
def only_our_cancellation() -> Iterator[None]:
    """Let a cancellation through only where somebody cancelled this very task.

    aiokafka cancels tasks of its own and awaits them, so that a consumer which stops while the
    broker is away raises CancelledError: whoever believes it ends as if he had been cancelled.

    Raises:
        KafkaError: instead of a cancellation that nobody asked for.
    """
    try:
        yield
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        raise KafkaError("cancelled inside aiokafka") from error


BOOTSTRAP_S: Final = 2.0
"""How long a start that was cancelled may go on until it has found its cluster."""

BOOTSTRAP_LOOK_S: Final = 0.01


async def started(client: Any, start: Awaitable[Result]) -> Result:
    """What `start` gives; cancelled, it goes on until `client` has found its cluster, no further.

    On the way there aiokafka has a connection that nobody closes who cancels it just then
    (`AIOKafkaClient.bootstrap`). What it does behind that, such as fencing, ends at once.
    """
    running = asyncio.ensure_future(start)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        looks = int(BOOTSTRAP_S / BOOTSTRAP_LOOK_S)
        while looks and not running.done() and client._sync_task is None:  # noqa: SLF001
            looks -= 1
            await asyncio.sleep(BOOTSTRAP_LOOK_S)
        raise
    finally:
        running.cancel()
        await asyncio.wait({running})


async def within(limit_s: float, wait: Awaitable[Result], what: str, where: object) -> Result:
    """What `wait` gives, if it comes within `limit_s` seconds.

    Raises:
        Unreachable: it did not come, or Kafka answered with an error; `what` was being done.
    """
    try:
        with only_our_cancellation():
            return await asyncio.wait_for(wait, limit_s)
    except TimeoutError as error:
        raise Unreachable(what, NO_ANSWER.render({"limit_s": limit_s, "where": where})) from error
    except KafkaError as error:
        facts = {"error": str(error) or type(error).__name__, "where": where}
        raise Unreachable(what, FAILED.render(facts)) from error
